"""What a trained autoencoder shows: its latent plane, and the images it decodes."""

import torch
from torch import Generator, Tensor

from flowcheck.vae import VAE


@torch.no_grad()
def latent_means(model: VAE, x: Tensor) -> Tensor:
    """Where the encoder puts each image: the mean of q(z | x), [N, latent] for x [N, pixels]."""
    return model.encode(x)[0]


@torch.no_grad()
def generated(model: VAE, count: int, generator: Generator) -> Tensor:
    """Pixel probabilities [count, pixels] decoded from draws of the prior; no image goes in."""
    return torch.sigmoid(model.decode(torch.randn((count, model.latent), generator=generator)))


@torch.no_grad()
def reconstructed(model: VAE, x: Tensor) -> Tensor:
    """Pixel probabilities [N, pixels] decoded from the latent means of the images x [N, pixels]."""
    return torch.sigmoid(model.decode(latent_means(model, x)))


@torch.no_grad()
def mesh_over(model: VAE, means: Tensor, points: int) -> tuple[Tensor, Tensor, Tensor]:
    """(z1 [points], z2 [points], probabilities [points, points, pixels]) over a rectangle.

    Its corners are the minima and maxima of `means` [N, 2]; row i of the mesh has z2[i], column j
    has z1[j], both rising.
    """
    low, high = means.amin(0), means.amax(0)
    z1, z2 = (torch.linspace(float(low[d]), float(high[d]), points) for d in (0, 1))
    second, first = torch.meshgrid(z2, z1, indexing="ij")
    return z1, z2, torch.sigmoid(model.decode(torch.stack([first, second], -1)))
