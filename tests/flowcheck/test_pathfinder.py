"""Gaussians along optimisation paths: where they end, and what they approximate."""

import math

import numpy as np
import pytest
import torch

from flowcheck import pathfinder as pathfinder_module
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.pathfinder import NoPath, pathfinder
from tests.flowcheck.densities import Density, funnel, mixture, normal


def test_gaussian_is_found_from_any_start():
    posterior, _ = normal(6, sds=np.array([0.1, 1, 2, 0.5, 1, 3]), correlation=0.5)
    paths = pathfinder(posterior, seed=0)
    assert len(paths) == 8
    for path in paths:
        # log Z - ELBO is the divergence: the paths know the curvature to some tenths of a nat.
        assert -2 < path.elbo < 0.5
        # The optimiser's tolerance: gradients below 1e-5.
        assert np.abs(path.end).max() < 1e-3


def test_paths_are_sorted_and_depend_on_the_seed_alone():
    first, again, other = (pathfinder(mixture(), seed, paths=4) for seed in (1, 1, 2))
    assert [path.elbo for path in first] == sorted((path.elbo for path in first), reverse=True)
    for a, b in zip(first, again, strict=True):
        assert a.elbo == b.elbo
        assert torch.equal(a.gaussian.factor, b.gaussian.factor)
    assert first[0].elbo != other[0].elbo


def test_paths_end_in_both_modes():
    for seed in range(3):
        ends = np.array([path.end[0] for path in pathfinder(mixture(), seed)])
        # Unit Gaussians at -4 and 4, which leave each other's peak in place.
        assert np.abs(np.abs(ends) - 4).max() < 1e-3
        assert {-1.0, 1.0} == set(np.sign(ends))


def test_mass_is_preferred_to_height():
    # The funnel's peak lies at v = -9 (dim - 1) / 2, where there is no mass: v has sd 3.
    paths = pathfinder(funnel(10), seed=0)
    assert abs(float(paths[0].gaussian.loc[0])) < 9
    assert min(path.end[0] for path in paths) < -20


def test_a_density_that_vanishes_is_a_wall():
    def log_density(u):
        inside = (u > -1).all(-1)
        return torch.where(inside, standard_normal_log_prob(3 * (u - 0.5)), torch.nan)

    path = pathfinder(Density(2, log_density), seed=0)[0]
    assert float(path.gaussian.loc.sub(0.5).abs().max()) < 0.1


def test_where_only_the_gradient_is_not_finite_is_a_wall_too():
    density, _ = normal(2)

    def value_and_gradient(u):
        value, gradient = Density.value_and_gradient(density, u)
        return value, gradient.masked_fill(u < -1, math.nan)

    density.value_and_gradient = value_and_gradient
    for seed in range(5):
        # The optimiser's own tolerance is 1e-5.
        assert np.abs(pathfinder(density, seed, paths=1)[0].end).max() < 1e-3


def test_no_path_is_an_error():
    with pytest.raises(NoPath, match="not finite"):
        pathfinder(Density(2, lambda u: torch.nan * u.sum(-1)), seed=0, paths=2)


def test_a_step_along_an_axis_gives_its_variance_and_scales_the_others():
    step, change = np.array([0.0, 2.0, 0.0]), np.array([0.0, 2.0 / 9.0, 0.0])  # of variance 9
    found = pathfinder_module._next_diagonal(np.array([1.0, 1.5, 4.0]), step, change)
    np.testing.assert_allclose(found, [6.0, 9.0, 24.0])  # 9 / 1.5 = 6 times as large


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e4])
def test_every_inverse_hessian_explains_the_last_step_and_is_positive(unit):
    rng = np.random.default_rng(0)
    root = rng.standard_normal((10, 10))
    points = rng.standard_normal((16, 10)).cumsum(0)
    gradients = points @ (root @ root.T + np.eye(10)) * unit**2
    inverses = list(pathfinder_module._inverse_hessians(points, gradients))
    assert np.array_equal(inverses[0], np.eye(10))
    for i, inverse in enumerate(inverses[1:]):
        step, change = points[i + 1] - points[i], gradients[i + 1] - gradients[i]
        # The secant equation, to rounding: the Hessian's condition number is some hundreds.
        np.testing.assert_allclose(inverse @ change, step, rtol=1e-9, atol=1e-9)
        assert np.linalg.eigvalsh(inverse).min() > 0


@pytest.mark.parametrize("change", [-1.0, 0.0])
def test_a_step_of_no_curvature_is_passed_over(change):
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    gradients = np.array([[0.0, 0.0], [change, 0.0], [1.0, 3.0]])
    first, second, _ = pathfinder_module._inverse_hessians(points, gradients)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("sd", [1.0, 2.0, 0.5])
def test_the_lower_bound_is_the_evidence_less_the_divergence(monkeypatch, sd):
    posterior, _ = normal(2, sds=sd, log_evidence=3.0)
    # Draws whose squares have the mean 1 give the bound without an error.
    z = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    start = np.zeros((1, 2))
    monkeypatch.setattr(pathfinder_module, "_inverse_hessians", lambda *_: [np.diag([9.0, 9.0])])
    found, elbo = pathfinder_module._best_gaussian(posterior, start, start, z)
    # Of N(0, 3^2) from N(0, sd^2), in each of two dimensions.
    divergence = math.log(sd / 3) + 0.5 * 9 / sd**2 - 0.5
    assert elbo == pytest.approx(3.0 - 2 * divergence, rel=1e-12)
    assert found.factor.tolist() == [[3.0, 0.0], [0.0, 3.0]]


def test_a_newton_step_from_a_point_is_tried_as_well():
    posterior, _ = normal(2)
    point = np.array([[3.0, -1.0]])
    z = np.random.default_rng(0).standard_normal((5, 2))
    found, _ = pathfinder_module._best_gaussian(posterior, point, point, z)
    assert found.loc.tolist() == [0.0, 0.0]
