"""The metric: round on a Gaussian from wherever its draws come, and never without a value."""

import pytest
import torch

from flowcheck import metric
from flowcheck.metric import Metric, estimate, identity


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariance(dim: int) -> torch.Tensor:
    """Correlations of 0.9 between neighbours, standard deviations from 0.1 to 10."""
    place = torch.arange(dim, dtype=torch.float64)
    sd = torch.logspace(-1, 1, dim, dtype=torch.float64)
    return sd[:, None] * 0.9 ** (place[:, None] - place).abs() * sd


@pytest.mark.parametrize("factor", [torch.rand(5).double() + 0.5, covariance(5)])
def test_coordinates_go_there_and_back(factor):
    found = Metric(torch.linalg.cholesky(factor) if factor.ndim == 2 else factor)
    z, gradient = normal(3, 4, 5), normal(3, 4, 5, seed=1)
    torch.testing.assert_close(found.whiten(found.colour(z)), z)
    # d f(A z) / dz along any direction is the gradient's product with A times that direction.
    moved = (found.colour(z) * gradient).sum(-1)
    torch.testing.assert_close((z * found.pull(gradient)).sum(-1), moved)


def test_dense_metric_is_a_gaussians_covariance_from_draws_that_are_nowhere_near_it(monkeypatch):
    # Uniform on +-2 where standard deviations reach from 0.1 to 10: only the gradients tell. Exact
    # if nothing is shrunk; shrunk, only the direction that varies least is much too wide.
    truth = covariance(10)
    theta = 4 * torch.rand(10_000, 10, dtype=torch.float64) - 2
    gradient = -theta @ torch.linalg.inv(truth)
    shrunk = estimate(theta, gradient, dense=True).factor
    monkeypatch.setattr(metric, "SHRINKAGE", 0.0)
    factor = estimate(theta, gradient, dense=True).factor
    torch.testing.assert_close(factor @ factor.T, truth, rtol=1e-6, atol=1e-6)
    whitened = torch.linalg.solve(shrunk, torch.linalg.solve(shrunk, truth).T)
    values = torch.linalg.eigvalsh(whitened)
    assert 0.9 < float(values[0]) < float(values[-2]) < 1.1
    assert float(values[-1]) < 4


def test_diagonal_metric_is_exact_without_correlation():
    scale = torch.logspace(-3, 3, 7, dtype=torch.float64)
    theta = normal(100, 7)
    torch.testing.assert_close(estimate(theta, -theta / scale**2, dense=False).factor, scale)


@pytest.mark.parametrize("draws", [2, 49])
def test_too_few_draws_for_a_matrix_give_a_diagonal(draws):
    assert not estimate(normal(draws, 10), normal(draws, 10, seed=1), dense=True).dense
    assert estimate(normal(50, 10), normal(50, 10, seed=1), dense=True).dense


@pytest.mark.parametrize("dense", [False, True])
def test_flat_or_unmoved_coordinate_keeps_its_scale(dense):
    theta, gradient = normal(200, 3), normal(200, 3, seed=1)
    gradient[:, 0] = 0.0
    theta[:, 1] = 1.0
    factor = estimate(theta, gradient, dense).factor
    assert factor.isfinite().all()
    diagonal = factor.diagonal() if dense else factor
    assert (diagonal > 0).all()


def test_identity_changes_nothing():
    z = normal(4, 3)
    assert torch.equal(identity(z).colour(z), z)
