"""Two numbers of a trained autoencoder that only the errors page needs."""

import math

import torch
from torch import Generator, Tensor

from flowcheck.course.rows import Row
from flowcheck.gaussian import LOG_2PI
from flowcheck.vae import VAE, kl_to_prior

# Images evaluated at a time.
CHUNK = 5000


@torch.no_grad()
def entropy(model: VAE, x: Tensor) -> Tensor:
    """H(q(z|x)) in nats of each image: x [N, pixels] -> [N]."""
    _, log_sigma = model.encode(x)
    return (log_sigma + 0.5 * (1 + LOG_2PI)).sum(-1)


def entropy_sign(vae: str, model: VAE, x: Tensor) -> Row:
    """How − H(q) in place of + H(q) changes the mean ELBO of the images x [N, pixels].

    Exact for these images, so it has no error of its own.
    """
    error = -2 * float(entropy(model, x).double().mean())
    return Row(f"ELBO with − H(q) less the ELBO on test images: {vae} (nats)", error)


def at_the_end(model: VAE, x: Tensor, redraw: bool, generator: Generator) -> tuple[float, float]:
    """Mean one-sample ELBO of the images x [N, pixels] at the model's weights, and its noise.

    What training averages over an epoch while the weights move, here with the weights held. redraw:
    x holds intensities, drawn as 0 or 1. The noise is the standard error with the images held
    fixed, from two passes: an epoch goes through the same images.
    """
    first, second = (_one_pass(model, x, redraw, generator) for _ in range(2))
    return float(first.mean()), float((first - second).std() / math.sqrt(2 * len(x)))


@torch.no_grad()
def _one_pass(model: VAE, x: Tensor, redraw: bool, generator: Generator) -> Tensor:
    """A one-sample ELBO [N] of each image, a chunk at a time."""
    values = []
    for part in x.split(CHUNK):
        if redraw:
            part = (torch.rand(part.shape, generator=generator) < part).to(part)
        mean, log_sigma = model.encode(part)
        z = mean + log_sigma.exp() * torch.randn(mean.shape, generator=generator)
        values.append(model.log_likelihood(part, z[None])[0] - kl_to_prior(mean, log_sigma))
    return torch.cat(values).double()


def two_curves(vae: str, epoch: int, average: float, end: tuple[float, float]) -> Row:
    """The epoch's running mean less the value at its end; `end`: mean and noise, as `average` has.

    Both have the same noise, since both see every image once.
    """
    label = f"mean over epoch {epoch} less the value at its end: {vae} (nats)"
    return Row(label, average - end[0], math.sqrt(2) * end[1])
