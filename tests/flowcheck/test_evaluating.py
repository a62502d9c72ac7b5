"""Evaluating a posterior where parts of it may fail: starts, and matrices without a factor."""

import math

import pytest
import torch

from flowcheck.evaluating import REDRAWS, forgiving, starts


def draw_from(seed=0, shape=(64, 3)):
    generator = torch.Generator().manual_seed(seed)
    return lambda: 4 * torch.rand(shape, generator=generator, dtype=torch.float64) - 2


def half_plane(theta):
    """A density where the first coordinate is positive, NaN elsewhere."""
    value = torch.where(theta[:, 0] > 0, -theta.square().sum(-1), math.nan)
    return value, -2 * theta


def test_starts_are_redrawn_where_there_is_no_density_and_only_there():
    first, found = draw_from()(), starts(half_plane, draw_from())
    assert (found[:, 0] > 0).all()
    good = first[:, 0] > 0
    assert 0 < int(good.sum()) < 64
    assert torch.equal(found[good], first[good])


def test_start_needs_a_gradient_too():
    def no_slope(theta):
        value, gradient = half_plane(theta.abs())
        return value, torch.where(theta > 0, gradient, math.inf)

    assert (starts(no_slope, draw_from()) > 0).all()


def test_no_start_is_an_error_that_counts_chains():
    nowhere = lambda theta: (theta[:, 0] * math.nan, theta)  # noqa: E731
    with pytest.raises(ValueError, match=f"64 of 64 chains found no start: of {REDRAWS + 1} over"):
        starts(nowhere, draw_from())


def indefinite(theta, error=None):
    """log det of [[1, theta_0], [theta_0, 1]]: beyond +-1 there is no factor."""
    try:
        matrix = torch.eye(2).double() + theta[:, :1, None] * torch.eye(2).double().flip(0)
        factor = torch.linalg.cholesky(matrix)
    except torch.linalg.LinAlgError as cause:
        if error is None:
            raise
        raise error("explained") from cause
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1), theta


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_points_without_a_factor_have_no_density_and_the_others_keep_theirs(error):
    theta = draw_from()()
    value, gradient = forgiving(lambda theta: indefinite(theta, error))(theta)
    inside = theta[:, 0].abs() < 1
    assert 0 < int(inside.sum()) < 64
    assert torch.equal(value[inside], indefinite(theta[inside])[0])
    assert torch.equal(gradient[inside], theta[inside])
    assert (value[~inside] == -math.inf).all()


def test_other_errors_pass():
    def broken(theta):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        forgiving(broken)(draw_from()())
