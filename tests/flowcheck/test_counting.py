"""What is counted is what was asked for, and nothing else of the posterior changes."""

import torch

from flowcheck.counting import Counted
from flowcheck.gaussian_fit import DRAWS, STEPS, fit_gaussian
from tests.flowcheck.densities import normal


def test_points_are_counted_and_values_pass_through():
    posterior, _ = normal(3, correlation=0.5)
    counted = Counted(posterior)
    u = torch.randn(2, 5, 3, dtype=torch.float64)
    assert torch.equal(counted.log_density(u), posterior.log_density(u))
    assert counted.densities == 10
    assert counted.gradients == 0
    for mine, theirs in zip(
        counted.value_and_gradient(u), posterior.value_and_gradient(u), strict=True
    ):
        assert torch.equal(mine, theirs)
    assert counted.gradients == 10
    assert counted.dim == 3


def test_a_fit_costs_its_steps_and_its_paths():
    posterior, _ = normal(2)
    counted = Counted(posterior)
    alone, _ = fit_gaussian(posterior, seed=0)
    gaussian, paths = fit_gaussian(counted, seed=0)
    assert torch.equal(gaussian.factor, alone.factor)
    # Each of the paths takes a start, a step and an end at least.
    assert counted.gradients >= STEPS * DRAWS + 3 * len(paths)
    assert counted.gradients < 1.05 * STEPS * DRAWS
