"""Laplace's approximation: exact where the posterior is Gaussian, else its mode and curvature."""

import math

import numpy as np
import pytest
import torch

from flowcheck.approximations.fitting import fit
from flowcheck.approximations.laplace import NoMode, laplace
from flowcheck.gaussian import Gaussian
from flowcheck.targets import make_target
from tests.flowcheck.densities import Density, funnel, normal


@pytest.mark.parametrize(("dim", "correlation"), [(1, 0.0), (12, 0.9)])
def test_a_gaussian_is_itself(dim, correlation):
    posterior, factor = normal(dim, sds=np.geomspace(1e-4, 1e3, dim), correlation=correlation)
    found = laplace(posterior, torch.full((dim,), 0.01).double(), torch.eye(dim).double())
    scale = torch.linalg.solve_triangular(factor, found.factor, upper=False)
    # Differences of gradients: rounding over REACH.
    torch.testing.assert_close(scale, torch.eye(dim).double(), rtol=0, atol=1e-8)
    assert float((torch.linalg.inv(factor) @ found.loc).norm()) < 1e-5  # the Newton gain asked for


def test_mode_and_curvature_of_a_gamma_in_its_logarithm():
    # a u - b exp(u): the mode is log(a / b), and the curvature there a.
    a, b = 7.3, 0.2
    posterior = Density(1, lambda u: (a * u - b * u.exp()).sum(-1))
    found = laplace(posterior, torch.tensor([0.5]).double(), torch.eye(1).double())
    assert float(found.loc) == pytest.approx(math.log(a / b), abs=1e-5)
    assert float(found.factor) == pytest.approx(a**-0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("log_density", "reason"),
    [
        (lambda u: u.sum(-1), "still rises"),
        (lambda u: -u[..., 0].square() + u[..., 1] - u[..., 1].exp(), None),
        (lambda u: -(u[..., 0] ** 2), "not curved downwards"),
        (lambda u: torch.where(u[..., 0] > -5, -u.square().sum(-1), torch.nan), None),
    ],
    ids=["rises for ever", "fine", "flat", "a wall far off"],
)
def test_without_a_mode_the_reason_is_told(log_density, reason):
    posterior = Density(2, log_density)
    start = torch.tensor([0.3, 0.1]).double()
    if reason is None:
        laplace(posterior, start, torch.eye(2).double())
        return
    with pytest.raises(NoMode, match=reason):
        laplace(posterior, start, torch.eye(2).double())


def test_a_density_without_a_mode_is_refused_and_pathfinder_is_not():
    # Its density grows without bound as tau falls to 0 and the effects become equal.
    target = make_target("eight_schools_centred", {}, {})
    found = fit("laplace", target, seed=3)
    assert found.gaussian is None
    assert "mode" in found.refused


@pytest.mark.parametrize("method", ["laplace", "pathfinder"])
def test_a_fit_is_a_gaussian_that_depends_on_its_seed_and_says_what_it_cost(method):
    posterior = funnel(3)
    first, again = (fit(method, posterior, seed=1) for _ in range(2))
    assert isinstance(first.gaussian, Gaussian)
    assert torch.equal(first.gaussian.factor, again.gaussian.factor)
    assert torch.equal(first.gaussian.factor, first.gaussian.factor.tril())
    assert first.gradients > 10
    assert first.densities > 100


def test_laplace_finds_the_mode_of_a_regression():
    target = make_target("logistic", {}, {})
    found = fit("laplace", target, seed=0).gaussian
    u = found.loc.clone().requires_grad_()
    hessian = torch.autograd.functional.hessian(lambda u: target.log_density(u), found.loc)
    assert float(target.value_and_gradient(u)[1].norm()) < 1e-4
    precision = torch.linalg.inv(found.factor @ found.factor.mT)
    torch.testing.assert_close(precision, -hessian, rtol=1e-5, atol=1e-6)
