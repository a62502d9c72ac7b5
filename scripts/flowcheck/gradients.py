"""How noisy the gradient estimators of the ELBO are, along one training.

Roeder, Wu & Duvenaud, "Sticking the Landing", 2017 (arXiv 1703.09194): at a perfect fit the path
gradient is zero draw by draw, while the total gradient keeps the score's covariance.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck.flows.base import Flow, Params, sample
from flowcheck.training import Layout, draw_noise, objective

ESTIMATORS = ("total", "path")


class Variance(NamedTuple):
    """After `iteration` steps: trace of each estimator's covariance, log p(x)/q(x) [n], weights.

    weights: the flow's float64 parameters, of the one replicate.
    """

    iteration: int
    trace: dict[str, float]
    log_ratio: np.ndarray
    weights: Params


def estimator_variance(
    flow: Flow, log_density: Callable, layout: Layout, flat: Tensor, z: Tensor, gradient: str
) -> float:
    """Trace of the covariance of the gradient of the negative ELBO from S draws.

    flat: [P] parameters; z: [B, S, dim], one batch of S draws per estimate; gradient: "total" or
    "path". B estimates know it to about sqrt(2 / B), less where many parameters share it.
    """
    repeated = flat.detach().expand(len(z), -1).clone().requires_grad_()
    loss, _ = objective(flow, log_density, layout.unflatten(repeated), z, gradient)
    (gradients,) = torch.autograd.grad(loss.sum(), repeated)
    return float(gradients.double().var(dim=0).sum())


def along_training(
    flow: Flow,
    log_density: Callable[[Tensor], Tensor],
    snapshots: dict[int, Params],
    samples: int,
    generator: Generator,
    batches: int,
    draws: int,
    progress: Callable[[Iterable], Iterable] = iter,
) -> list[Variance]:
    """Measure at each snapshot of a training.

    snapshots: iterations done -> one replicate's float32 parameters, in which the variances are
    computed, as in training; samples: draws of each gradient, S; batches: estimates behind each
    variance; draws: of the flow, in float64, behind each log_ratio, whose normaliser is the
    evidence.
    """
    layout = Layout(next(iter(snapshots.values())))
    found = []
    for iteration in progress(list(snapshots)):
        params = snapshots[iteration]
        flat = layout.flatten(params)
        z = draw_noise([generator], batches, samples, flow.dim).squeeze(1)
        trace = {
            name: estimator_variance(flow, log_density, layout, flat, z, name)
            for name in ESTIMATORS
        }
        one = {name: value.double() for name, value in params.items()}
        weights = {name: value.unsqueeze(0) for name, value in one.items()}
        theta, log_q = sample(flow, weights, draws, [generator])
        ratio = (log_density(theta) - log_q).squeeze(0).numpy()
        found.append(Variance(iteration, trace, ratio, one))
    return found
