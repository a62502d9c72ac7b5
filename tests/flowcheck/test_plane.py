"""Expectations on the plane, against closed forms and the banana's one-dimensional integrals."""

import numpy as np
import pytest
import torch

from flowcheck import plane


@pytest.mark.parametrize("constant", [3.0, 1000.0, -1000.0])
def test_moments_of_a_correlated_gaussian(constant):
    precision = np.array([[2.0, -1.2], [-1.2, 1.0]])
    covariance = np.linalg.inv(precision)
    spread = np.sqrt(np.diag(covariance))

    def log_density(x):
        return constant - 0.5 * np.sum(x @ precision * x, axis=-1)

    found = plane.expectation(log_density, lambda x: x[:, 0] * x[:, 1], np.zeros(2), 9 * spread)
    # Exponentially convergent: what is left is rounding over a million terms.
    assert found == pytest.approx(covariance[0, 1], rel=1e-12)
    mean_log = plane.expectation(log_density, log_density, np.zeros(2), 9 * spread)
    assert mean_log == pytest.approx(constant - 1.0, rel=1e-12)  # E of half a chi-squared of two


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


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ([0.0, 0.2, 9.0], 2),  # moved by less than the tolerance
        ([0.0, 0.25, 0.25], 3),  # by the tolerance itself, which is not less
        ([0.5, 0.9, 0.9], 3),  # by more: below 1 the tolerance is absolute
        ([7.0, 8.0, 9.0], 2),  # by less, relative to 8
        ([-7.0, -8.0, -9.0], 2),
        ([6.0, 8.0, 8.0], 3),  # by a quarter of 8, which is not less
    ],
)
def test_a_value_is_settled_once_it_moves_by_less_than_the_tolerance(monkeypatch, values, asked):
    grids = []

    def scripted(*arguments):
        grids.append(arguments[-1])
        return values[len(grids) - 1]

    monkeypatch.setattr(plane, "_expectation", scripted)
    found = plane.expectation(None, None, None, None, tolerance=0.25)
    assert found == values[asked - 1]
    assert grids == [500 * 2**k for k in range(asked)]


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


def test_a_density_may_be_as_much_at_the_edge_as_is_allowed(monkeypatch):
    # A constant one is as large there as anywhere; the mean of its box is the centre.
    monkeypatch.setattr(plane, "EDGE", 1.0)
    found = plane.expectation(
        lambda x: np.zeros(len(x)), lambda x: x[:, 0], np.array([0.5, 0.0]), np.ones(2)
    )
    assert found == pytest.approx(0.5, rel=1e-12)  # rounding over 250,000 terms


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
