"""Gaussian densities: the standard normal, base of every flow, and the full-rank one."""

import math
from typing import NamedTuple

import torch
from torch import Generator, Tensor

LOG_2PI = math.log(2 * math.pi)


def standard_normal_log_prob(z: Tensor) -> Tensor:
    """log N(z; 0, I); z [..., d] -> [...]."""
    return -0.5 * (z.square().sum(-1) + z.shape[-1] * LOG_2PI)


class Gaussian(NamedTuple):
    """N(loc, factor factor'): loc [dim] and a lower triangular factor [dim, dim], float64."""

    loc: Tensor
    factor: Tensor

    def sample(self, n: int, generator: Generator) -> Tensor:
        """n independent draws, [n, dim]."""
        return self.place(torch.randn(n, len(self.loc), generator=generator, dtype=torch.float64))

    def log_prob(self, theta: Tensor) -> Tensor:
        """theta [..., dim] -> [...]."""
        return standard_normal_log_prob(self.whiten(theta)) - self.log_det()

    def place(self, z: Tensor) -> Tensor:
        """Standardised coordinates z [..., dim] -> theta = loc + factor z."""
        return self.loc + z @ self.factor.mT

    def whiten(self, theta: Tensor) -> Tensor:
        """The inverse of `place`: theta [..., dim] -> z."""
        rows = (theta - self.loc).reshape(-1, len(self.loc))
        z = torch.linalg.solve_triangular(self.factor, rows.mT, upper=False).mT
        return z.reshape(theta.shape)

    def log_det(self) -> Tensor:
        """log |det factor|, a scalar."""
        return self.factor.diagonal().abs().log().sum()


def moment_gaussian(draws: Tensor) -> Gaussian:
    """The Gaussian with the mean and covariance of draws [n, dim].

    Raises torch.linalg.LinAlgError where the covariance is not positive definite.
    """
    draws = draws.double()
    covariance = torch.atleast_2d(torch.cov(draws.mT))
    return Gaussian(draws.mean(0), torch.linalg.cholesky(covariance))
