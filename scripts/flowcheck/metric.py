"""The metric of Hamiltonian Monte Carlo: coordinates in which a posterior is nearly round.

theta = A z with A the factor of an estimated covariance; the momentum is standard normal in z.
Among all such covariances the one taken makes draws and gradients in z spread alike, which
minimises the Fisher divergence to a Gaussian: Seyboldt, Carlson & Carpenter, "Preconditioning
Hamiltonian Monte Carlo by Minimizing Fisher Divergence", 2026 (arXiv 2603.18845). On a Gaussian
that is its covariance, wherever the draws came from, so a warm-up may estimate it before its
chains have settled.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# Draws that the prior guess (no correlation) counts for. Stan gives it 5; with many chains a tenth
# is enough to keep the estimate regular, and leaves nearly collinear posteriors what they are.
SHRINKAGE = 0.1
# A dense metric is estimated from at least this many draws for each of its dimensions.
DRAWS_PER_DIMENSION = 5
# An eigenvalue is taken as at least this share of the largest: smaller ones are rounding.
LEAST_SHARE = 1e-14


class Metric(NamedTuple):
    """theta = A z. factor: A itself, its diagonal [dim] or lower triangular [dim, dim]."""

    factor: Tensor

    @property
    def dense(self) -> bool:
        """Whether the factor is a matrix."""
        return self.factor.ndim == 2

    def colour(self, z: Tensor) -> Tensor:
        """A z: from z's coordinates to theta's; [..., dim] -> [..., dim]."""
        return z @ self.factor.T if self.dense else z * self.factor

    def pull(self, gradient: Tensor) -> Tensor:
        """A' g: a gradient in theta as a gradient in z; [..., dim] -> [..., dim]."""
        return gradient @ self.factor if self.dense else gradient * self.factor

    def whiten(self, theta: Tensor) -> Tensor:
        """The z with A z = theta; [..., dim] -> [..., dim]."""
        if not self.dense:
            return theta / self.factor
        flat = theta.reshape(-1, theta.shape[-1])
        solved = torch.linalg.solve_triangular(self.factor, flat.T, upper=False).T
        return solved.reshape(theta.shape)


def identity(theta: Tensor) -> Metric:
    """Theta's own coordinates, with theta's dtype and device."""
    return Metric(torch.ones(theta.shape[-1], dtype=theta.dtype, device=theta.device))


def estimate(theta: Tensor, gradient: Tensor, dense: bool) -> Metric:
    """The metric of draws theta and the log density's gradients there, both [n, dim].

    Diagonal where there are too few draws for a dense one.
    """
    n, dim = theta.shape
    scale = (theta.std(0) / gradient.std(0)).sqrt()
    tiny = torch.finfo(theta.dtype).tiny
    scale = torch.where(scale.isfinite() & (scale > tiny), scale, torch.ones_like(scale))
    if not dense or n < DRAWS_PER_DIMENSION * dim:
        return Metric(scale)
    spread = _shrunk(theta / scale)
    stiffness = _shrunk(gradient * scale)
    factor = torch.linalg.cholesky(_between(spread, stiffness))
    return Metric(scale.unsqueeze(-1) * factor)


def _shrunk(values: Tensor) -> Tensor:
    """The covariance [dim, dim] of values [n, dim], its correlations shrunk a little."""
    n = len(values)
    covariance = torch.cov(values.T).reshape(values.shape[-1], values.shape[-1])
    variances = covariance.diagonal()
    return (n * covariance + SHRINKAGE * torch.diag(variances)) / (n + SHRINKAGE)


def _between(spread: Tensor, stiffness: Tensor) -> Tensor:
    """The symmetric S with S stiffness S = spread: their geometric mean, stiffness inverted."""
    values, vectors = torch.linalg.eigh(stiffness)
    values = values.clamp(min=values.max() * LEAST_SHARE)
    root = (vectors * values.sqrt()) @ vectors.T
    inverse = (vectors / values.sqrt()) @ vectors.T
    inner, directions = torch.linalg.eigh(root @ spread @ root)
    middle = (directions * inner.clamp(min=inner.max() * LEAST_SHARE).sqrt()) @ directions.T
    mean = inverse @ middle @ inverse
    return 0.5 * (mean + mean.T)
