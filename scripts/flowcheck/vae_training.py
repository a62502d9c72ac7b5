"""Training a variational autoencoder, with checkpoints that change nothing.

The whole data set stays in memory. All randomness of an epoch (order of the images, their
binarisation, latent draws) comes from one generator, whose state a checkpoint keeps beside the
weights and Adam's moments: a run cut off and taken up again ends at the same weights, bit for bit.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Generator, Tensor

from flowcheck.checkpoints import Checkpoint
from flowcheck.schedule import cosine
from flowcheck.vae import VAE, initialise, kl_to_prior, shared_points_bound

SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class Recipe:
    """How to train: what the objective is and how it is climbed.

    evidence_weight: a in [0, 1) of the objective (1 - a) ELBO + a log p(x), with one sample for the
    ELBO and log p(x) estimated on `points` quasi-random latent points (for the decoder alone: it
    does not depend on the encoder). Two numbers are the first step's and the last's, and a moves
    evenly from one to the other. redraw: whether images are intensities, resampled as binary
    every epoch. schedule: "constant", or "cosine" to zero at the end after one epoch of linear
    warm-up. init, slope, reach: see `vae.initialise`.
    """

    evidence_weight: float | tuple[float, float]
    points: int
    batch: int
    epochs: int
    learning_rate: float
    schedule: str
    weight_decay: float
    init: str
    slope: float
    reach: float
    redraw: bool

    def evidence_weight_at(self, progress: float) -> float:
        """a when `progress` of the training is done, from 0 to 1."""
        first, last = self.evidence_weights()
        return first + (last - first) * progress

    def evidence_weights(self) -> tuple[float, float]:
        """a at the first step and at the last."""
        given = self.evidence_weight
        return (given, given) if isinstance(given, int | float) else tuple(given)


def train(
    model: VAE,
    images: Tensor,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint | None = None,
    report: Callable[[int, float, VAE], None] = lambda epoch, objective, model: None,
) -> list[float]:
    """Train `model` in place from its initial parameters on images [N, pixels] in [0, 1].

    checkpoint: where the run's state is kept after every epoch and, if there is one of this same
    run, taken up.
    report: called after each epoch with its number (from 1), the mean objective over its batches,
    and the model; before the checkpoint, so that a run taken up has reported every epoch.
    Returns the mean objective of every epoch.
    Raises ValueError for an evidence weight outside [0, 1), an unknown schedule, and fewer images
    than a batch; FloatingPointError as soon as an epoch's objective is not finite.
    """
    _check(recipe, len(images))
    # On the CPU whatever the device, so that every device starts from the same weights.
    first = torch.Generator().manual_seed(seed)
    initialise(model, recipe.init, recipe.slope, recipe.reach, first)
    model.to(images.device)
    generator = torch.Generator(images.device)
    generator.manual_seed(int(torch.randint(2**62, (), generator=first)))
    optimiser = torch.optim.Adam(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    run, history = _Run(model, optimiser, generator), []
    if checkpoint and (kept := checkpoint.take_up(recipe=asdict(recipe), seed=seed)):
        history = run.restore(kept)
    for epoch in range(len(history) + 1, recipe.epochs + 1):
        history.append(_epoch(model, images, recipe, optimiser, generator, epoch))
        if not math.isfinite(history[-1]):
            raise FloatingPointError(f"the objective is {history[-1]} in epoch {epoch}")
        report(epoch, history[-1], model)
        if checkpoint:
            checkpoint.keep(run.kept(history))
    return history


def evaluated_epochs(epochs: int, count: int) -> list[int]:
    """`count` epochs (all, if there are fewer) from the first to the last, evenly spread."""
    count = min(count, epochs)
    return sorted(
        {round(1 + i * (epochs - 1) / max(count - 1, 1)) for i in range(count)} | {epochs}
    )


def learning_rate_factor(schedule: str, step: int, steps_an_epoch: int, steps: int) -> float:
    """What multiplies the learning rate at `step` (from 0) of `steps`."""
    if schedule == "constant":
        return 1.0
    warm = min(1.0, (step + 1) / steps_an_epoch)
    return warm * cosine(step, steps)


def _epoch(model, images, recipe, optimiser, generator, epoch) -> float:
    """One pass over the images, whole batches only; the mean objective."""
    batches = len(images) // recipe.batch
    steps = recipe.epochs * batches
    order = torch.randperm(len(images), generator=generator, device=images.device)
    objectives = []
    for batch in range(batches):
        step = (epoch - 1) * batches + batch
        factor = learning_rate_factor(recipe.schedule, step, batches, steps)
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * factor
        x = images[order[batch * recipe.batch : (batch + 1) * recipe.batch]]
        if recipe.redraw:
            x = torch.rand(x.shape, generator=generator, device=x.device).lt_(x)
        optimiser.zero_grad()
        weight = recipe.evidence_weight_at(step / steps)
        objectives.append(_ascend(model, x, weight, recipe.points, generator))
        optimiser.step()
    return float(torch.stack(objectives).double().mean())


def _ascend(model: VAE, x: Tensor, weight: float, points: int, generator: Generator) -> Tensor:
    """Set the gradients for one step; the objective's value, mean over the batch x [B, pixels].

    weight: that of log p(x), estimated on so many points; the rest is the ELBO's.
    """
    mean, log_sigma = model.encode(x)
    noise = torch.randn(mean.shape, generator=generator, device=x.device)
    z = mean + log_sigma.exp() * noise
    elbo = (model.log_likelihood(x, z[None])[0] - kl_to_prior(mean, log_sigma)).mean()
    objective = elbo
    if weight:
        evidence = shared_points_bound(model, x, points, generator).mean()
        objective = torch.lerp(elbo, evidence, weight)
    (-objective).backward()
    return objective.detach()


def _check(recipe: Recipe, count: int) -> None:
    if not all(0 <= weight < 1 for weight in recipe.evidence_weights()):
        raise ValueError(
            f"evidence weight {recipe.evidence_weight}: the encoder learns from the rest"
        )
    if recipe.schedule not in SCHEDULES:
        raise ValueError(f"unknown schedule {recipe.schedule!r}: use {' or '.join(SCHEDULES)}")
    if count < recipe.batch:
        raise ValueError(f"{count} images do not fill one batch of {recipe.batch}")


@dataclass(frozen=True)
class _Run:
    """All that changes as training goes on."""

    model: VAE
    optimiser: torch.optim.Optimizer
    generator: Generator

    def kept(self, history: list[float]) -> dict:
        return {
            "history": history,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
        }

    def restore(self, kept: dict) -> list[float]:
        """Go back to what `kept` returned; its history."""
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.generator.set_state(kept["generator"])
        return kept["history"]
