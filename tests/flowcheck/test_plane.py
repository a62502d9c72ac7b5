"""Expectations on the plane, against closed forms and the banana's one-dimensional integrals."""

import numpy as np
import pytest
import torch

from flowcheck import plane


def test_moments_of_a_correlated_gaussian():
    precision = np.array([[2.0, -1.2], [-1.2, 1.0]])
    covariance = np.linalg.inv(precision)
    spread = np.sqrt(np.diag(covariance))

    def log_density(x):
        return 3.0 - 0.5 * np.sum(x @ precision * x, axis=-1)

    found = plane.expectation(log_density, lambda x: x[:, 0] * x[:, 1], np.zeros(2), 9 * spread)
    # Exponentially convergent: what is left is rounding over a million terms.
    assert found == pytest.approx(covariance[0, 1], rel=1e-12)
    mean_log = plane.expectation(log_density, log_density, np.zeros(2), 9 * spread)
    assert mean_log == pytest.approx(3.0 - 1.0, rel=1e-12)  # E of half a chi-squared of two


def test_moments_of_the_banana(banana):
    exact = banana.exact()
    box = np.array(exact["mean"]), 12 * np.sqrt(exact["variance"])

    def log_density(x):
        return banana.log_density(torch.from_numpy(x)).numpy()

    # exact() integrates over theta2 alone, with theta1 in closed form.
    for function, expected in (
        (lambda x: x[:, 0], exact["mean"][0]),
        (lambda x: x[:, 1] ** 2, exact["variance"][1]),
    ):
        assert plane.expectation(log_density, function, *box) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("centre", [(-6, 0), (6, 0), (0, -6), (0, 6)])
def test_a_box_that_cuts_the_density_off_at_any_side_is_refused(centre):
    # A standard normal whose box ends three sds from its mean, at one side alone.
    with pytest.raises(ValueError, match="cuts the density off"):
        plane.expectation(
            lambda x: -0.5 * np.square(x).sum(-1),
            lambda x: x[:, 0],
            np.array(centre),
            9 * np.ones(2),
        )


def test_a_density_too_narrow_for_its_grid_is_refused(monkeypatch):
    monkeypatch.setattr(plane, "LAST_POINTS", 1000)
    # A spike of a hundredth of the spacing: the grid may hit it, and never settles.
    with pytest.raises(ValueError, match="too narrow"):
        plane.expectation(
            lambda x: -0.5 * np.square((x - 0.0123) / 1e-4).sum(-1),
            lambda x: x[:, 0],
            np.zeros(2),
            np.ones(2),
        )


@pytest.mark.parametrize(("axis", "side"), [(0, -9.0), (0, 9.0), (1, -9.0), (1, 9.0)])
def test_every_point_of_the_boxs_edge_is_looked_at(axis, side):
    # A standard normal, and a ridge on the middle of one side alone.
    def log_density(x):
        ridge = (x[:, axis] == side) & (np.abs(x[:, 1 - axis]) < 5)
        return np.where(ridge, -2.0, -0.5 * np.square(x).sum(-1))

    with pytest.raises(ValueError, match="cuts the density off"):
        plane.expectation(log_density, lambda x: x[:, 0], np.zeros(2), 9 * np.ones(2))
