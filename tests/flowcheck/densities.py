"""Small log densities with known normalisers, for tests that need no declared target."""

import math

import numpy as np
import torch
from torch import Tensor

from flowcheck.gaussian import standard_normal_log_prob


class Density:
    """What the library asks of a posterior, made of a function u [..., dim] -> [...]."""

    init_scale = 2.0

    def __init__(self, dim, log_density):
        self.dim, self.log_density = dim, log_density

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        u = u.detach().requires_grad_()
        value = self.log_density(u)
        return value.detach(), torch.autograd.grad(value.sum(), u)[0]


def normal(dim: int, sds=1.0, correlation=0.0, log_evidence=0.0):
    """(a Gaussian whose neighbours are correlated, the lower factor of its covariance)."""
    apart = np.abs(np.subtract.outer(np.arange(dim), np.arange(dim)))
    covariance = np.outer(sds * np.ones(dim), sds * np.ones(dim)) * float(correlation) ** apart
    factor = torch.from_numpy(np.linalg.cholesky(covariance))
    inverse = torch.linalg.inv(factor)
    constant = log_evidence + float(inverse.diagonal().log().sum())
    return Density(dim, lambda u: standard_normal_log_prob(u @ inverse.mT) + constant), factor


def mixture(share=0.3, apart=8.0):
    """Two unit Gaussians in the plane: `share` of the mass on the left, the rest on the right."""

    def log_density(u):
        logs = [
            math.log(mass) + standard_normal_log_prob(u - torch.tensor([centre, 0.0]))
            for mass, centre in ((share, -apart / 2), (1 - share, apart / 2))
        ]
        return torch.logaddexp(*logs)

    return Density(2, log_density)


def mixture_draws(n: int, rng, share=0.3, apart=8.0) -> np.ndarray:
    """Independent draws [n, 2] of `mixture`."""
    draws = rng.standard_normal((n, 2))
    draws[:, 0] += np.where(rng.random(n) < share, -apart / 2, apart / 2)
    return draws


def funnel(dim: int) -> Density:
    """Neal's funnel: v ~ N(0, 3), the others N(0, exp(v / 2)), standard deviations both."""

    def log_density(u):
        v, x = u[..., :1], u[..., 1:]
        scaled = torch.cat([v / 3, x * (-v / 2).exp()], -1)
        return standard_normal_log_prob(scaled) - math.log(3) - 0.5 * (dim - 1) * v.squeeze(-1)

    return Density(dim, log_density)


def funnel_draws(n: int, dim: int, rng) -> np.ndarray:
    """Independent draws [n, dim] of `funnel`."""
    v = 3 * rng.standard_normal((n, 1))
    return np.hstack([v, np.exp(v / 2) * rng.standard_normal((n, dim - 1))])
