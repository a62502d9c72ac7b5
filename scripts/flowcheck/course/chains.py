"""The published Hamiltonian Monte Carlo: how its choices change the law of its draws.

Wrong on purpose where it says so: nothing but the errors page may import this.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck.arviz import statistics
from flowcheck import hmc
from flowcheck.course.rows import Row, mean_row

# Draws in the published ground truth, besides the chain's start.
LONG_RUN = 10_000
MOMENTS = {"theta1": lambda x: x[..., 0], "theta2^2": lambda x: x[..., 1] ** 2}


def accepted_only(
    log_density: Callable[[Tensor], Tensor],
    gradient: Callable[[Tensor], Tensor],
    theta: Tensor,
    momenta: int,
    step_size: float,
    steps: int,
    generator: Generator,
) -> list[Row]:
    """Law of a chain that drops its rejected states, from exact draws and without any chain.

    theta [n, 2]: exact draws; `momenta`, even: trajectories from each, of `steps` leapfrog steps.

    The transition is reversible, so the states that it moves to have density p(x) a(x) / E a, with
    a(x) the probability that it leaves x: the same a that it enters with. Then every error is a
    moment of a under p. The divergence is Var(a) / 2 (E a)^2 to second order, its variance the
    covariance of two independent halves, which the noise within each leaves unbiased.
    """
    start = theta.repeat_interleave(momenta, dim=0)
    momentum = torch.randn(start.shape, generator=generator, dtype=start.dtype)
    step = torch.full((len(start), 1), step_size, dtype=start.dtype)
    end, last, _ = hmc.leapfrog(gradient, start, momentum, gradient(start), step, steps)
    before = 0.5 * momentum.square().sum(-1) - log_density(start)
    after = 0.5 * last.square().sum(-1) - log_density(end)
    rate = (before - after).nan_to_num(nan=-math.inf).clamp(max=0).exp()
    halves = rate.reshape(len(theta), 2, -1).mean(-1).numpy()
    mean = halves.mean()
    centred = halves / mean - 1
    rows = [
        mean_row("share of trajectories rejected", 1 - halves.mean(1)),
        mean_row(
            "KL from the law of the kept states to the posterior (nats)", centred.prod(axis=1) / 2
        ),
    ]
    for name, function in MOMENTS.items():
        values = function(theta).numpy()
        rows.append(mean_row(f"bias of E {name}", centred.mean(1) * (values - values.mean())))
    return rows


def standard_errors(variances: dict[str, float]) -> list[Row]:
    """Monte Carlo error of a mean over as many independent draws as the published long run has.

    variances: the posterior variance of each quantity, by name.
    """
    label = f"from {LONG_RUN} independent draws"
    return [
        Row(f"standard error of E {name} {label}", math.sqrt(variance / LONG_RUN))
        for name, variance in variances.items()
    ]


def kept_start(log_density_at_start: float, mean_log_density: float, mean: float) -> list[Row]:
    """What the start (0, 0) does as one of LONG_RUN + 1 draws; `mean` is E theta1. All exact."""
    return [
        Row(
            "log density of the start less its posterior mean (nats)",
            log_density_at_start - mean_log_density,
        ),
        Row(f"shift of E theta1 by this one draw in {LONG_RUN + 1}", -mean / (LONG_RUN + 1)),
    ]


def draws_until_one(steps: int) -> float:
    """Mean number of draws after which L is 1, if each is uniform from 1 to the last, from `steps`.

    From L it is m(L) = 1 + (m(1) + ... + m(L)) / L with m(1) = 0, hence m(L) = 1 + 1 + 1/2 + ... +
    1/(L - 1) for L > 1.
    """
    return 0.0 if steps <= 1 else 1.0 + math.fsum(1 / i for i in range(1, steps))


def worth(theta: np.ndarray, acceptance_rate: np.ndarray) -> dict:
    """What chains theta [C, N, 2] are worth: draws, mean acceptance, effective sample sizes.

    The sizes are those for a mean (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, arXiv
    1903.08008), of theta1, theta2 and theta2^2. Above the number of draws where these alternate.
    """
    quantities = {
        "theta1": theta[..., 0],
        "theta2": theta[..., 1],
        "theta2^2": theta[..., 1] ** 2,
    }
    return {
        "draws": int(theta.shape[0] * theta.shape[1]),
        "acceptance_rate": float(acceptance_rate.mean()),
        "effective": {
            name: float(statistics().ess(values, chain_axis=0, draw_axis=1, method="mean"))
            for name, values in quantities.items()
        },
    }
