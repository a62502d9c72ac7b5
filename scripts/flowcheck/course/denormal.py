"""The published training loop, whose float32 likelihood underflows and ends some flows for good.

The published solution adds up log(exp(-r^2 / 8)), r = y_i - theta_1 - theta_2^2, in float32. From
|r| = 28.8 on the exponential is 0, the loss is infinite, and the loop skips that step. From 26.6 to
there the exponential is denormal: its logarithm is finite, but 1 / exp(...) in the gradient of the
logarithm overflows. The loop tests the loss alone, so Adam writes NaN into every parameter, and no
later loss is finite. The loop then repeats its last finite loss in the curve that it plots.

Wrong on purpose: nothing but the errors page may import this.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck.flows.base import Flow, Params
from flowcheck.gaussian import standard_normal_log_prob

# Adam as the published solution uses it: PyTorch's defaults, and L2 decay.
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 1e-5
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Run(NamedTuple):
    """R flows trained for T iterations.

    curve [T, R]: the ELBO as the loop plots it, NaN before the first finite one; died [R]: the
    iteration, from 1, whose update made the parameters NaN, or 0; skipped [R]: steps not taken
    while the flow was still alive.
    """

    curve: Tensor
    died: Tensor
    skipped: Tensor


def underflowing(y: np.ndarray, sigma_y: float, sigma_theta: float) -> Callable[[Tensor], Tensor]:
    """The banana's log density by way of the likelihood of each datum: theta [..., 2] -> [...].

    y [n]. Without the constants, which change neither a gradient nor whether it is finite.

    The smallest or the largest datum has the largest residual, so where any likelihood underflows,
    one of these two does, and the loss or the gradient is not finite whatever the others are. Only
    these two go through exp and log; the others are summed in closed form, which is equal to
    rounding and takes a tenth of the time.
    """
    y = np.sort(np.asarray(y, dtype=np.float64))
    outer = torch.from_numpy(y[[0, -1]]).float() if len(y) > 1 else torch.from_numpy(y).float()
    inner = y[1:-1]
    count, middle = len(inner), float(inner.mean()) if len(inner) else 0.0
    squares = float(np.sum((inner - middle) ** 2))

    def log_density(theta: Tensor) -> Tensor:
        mean = theta[..., 0] + theta[..., 1].square()
        residual = outer - mean.unsqueeze(-1)
        likelihood = torch.exp(-residual.square() / (2 * sigma_y**2))
        others = (count * (middle - mean).square() + squares) / (2 * sigma_y**2)
        prior = theta.square().sum(-1) / (2 * sigma_theta**2)
        return likelihood.log().sum(-1) - others - prior

    return log_density


def train(
    flow: Flow,
    log_density: Callable[[Tensor], Tensor],
    generators: list[Generator],
    iterations: int,
    samples: int,
) -> Run:
    """Train one flow per generator, in float32, by the published loop.

    Each gets its initial values and its noise from its own generator.
    """
    starts = [flow.initial(g, "published") for g in generators]
    params = {name: torch.stack([start[name] for start in starts]) for name in starts[0]}
    first = {name: torch.zeros_like(value) for name, value in params.items()}
    second = {name: torch.zeros_like(value) for name, value in params.items()}
    taken, died, skipped = (torch.zeros(len(generators)) for _ in range(3))
    shown, curve = torch.full((len(generators),), math.nan), []
    for iteration in range(1, iterations + 1):
        z = torch.stack([torch.randn(samples, flow.dim, generator=g) for g in generators])
        loss, gradient = _loss_and_gradient(flow, log_density, params, z)
        # The published test, which looks at the loss and not at the gradient.
        step = loss.isfinite()
        taken += step
        _adam(params, first, second, gradient, taken, step)
        finite = [value.flatten(1).isfinite().all(1) for value in params.values()]
        alive = torch.stack(finite).all(0)
        skipped += ~step & alive
        died = torch.where((died == 0) & ~alive, iteration, died)
        shown = torch.where(step, -loss, shown)
        curve.append(shown)
    return Run(torch.stack(curve), died, skipped)


def _loss_and_gradient(flow, log_density, params: Params, z: Tensor) -> tuple[Tensor, Params]:
    """The negative ELBO [R] of each replicate, and its gradient in the parameters."""
    leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
    x, log_det = flow.forward(leaves, z)
    loss = (standard_normal_log_prob(z) - log_det - log_density(x)).mean(-1)
    gradients = torch.autograd.grad(loss.sum(), list(leaves.values()))
    return loss.detach(), dict(zip(leaves, gradients, strict=True))


def _adam(params, first, second, gradient, taken: Tensor, step: Tensor) -> None:
    """Kingma & Ba's algorithm 1 in place, for the replicates that take this `step` [R]."""
    for name, value in params.items():
        shape = (-1,) + (1,) * (value.dim() - 1)
        count, mask = taken.view(shape), step.view(shape)
        g = gradient[name] + WEIGHT_DECAY * value
        m = BETA1 * first[name] + (1 - BETA1) * g
        v = BETA2 * second[name] + (1 - BETA2) * g.square()
        root = (v / (1 - BETA2**count)).sqrt()
        change = LEARNING_RATE * m / (1 - BETA1**count) / (root + EPSILON)
        first[name] = torch.where(mask, m, first[name])
        second[name] = torch.where(mask, v, second[name])
        params[name] = torch.where(mask, value - change, value)
