"""One-dimensional quadrature: right to its tolerance, or an error."""

import math

import numpy as np
import pytest
from scipy import stats

from flowcheck.quadrature import tabulate


def test_normal_density():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.3, 0.7) + 5.0, 15.0)
    # The rule is exact to rounding here: 1e-13 of a log integral of 5, and of moments near 1.
    assert density.log_normaliser == pytest.approx(5.0, abs=1e-12)
    assert density.tolerance < 1e-11
    assert density.mass.sum() == pytest.approx(1, abs=1e-12)
    assert density.expectation(density.grid) == pytest.approx(0.3, abs=1e-12)
    assert density.expectation(density.grid**2) == pytest.approx(0.3**2 + 0.7**2, abs=1e-12)


def test_two_peaks():
    density = tabulate(lambda x: np.logaddexp(-50 * (x - 2) ** 2, -50 * (x + 1) ** 2 + 1), 10.0)
    expected = math.log((1 + math.e) * math.sqrt(math.pi / 50))
    assert density.log_normaliser == pytest.approx(expected, abs=1e-12)
    assert density.expectation(density.grid) == pytest.approx((2 - math.e) / (1 + math.e))


def test_extreme_scale_neither_overflows_nor_underflows():
    for shift in (-1e5, 1e5):
        density = tabulate(lambda x, shift=shift: stats.norm.logpdf(x) + shift, 12.0)
        assert density.log_normaliser == pytest.approx(shift, rel=1e-12)


def test_narrow_density_takes_a_finer_grid():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.0123, 1e-4), 10.0)
    assert density.log_normaliser == pytest.approx(0, abs=1e-11)
    assert density.grid[1] - density.grid[0] < 2e-4
    deviation = (density.grid - 0.0123) ** 2
    assert math.sqrt(density.expectation(deviation)) == pytest.approx(1e-4, rel=1e-8)


def test_too_narrow_a_density_is_an_error():
    # Only the grid's middle point meets it: each halving of the spacing halves the integral.
    with pytest.raises(ValueError, match="too narrow for its range"):
        tabulate(lambda x: -0.5 * (x / 1e-9) ** 2, 10.0)


def test_density_that_falls_between_all_points_is_an_error():
    with pytest.raises(ValueError, match="zero or not a number"):
        tabulate(lambda x: np.where(abs(x - 1e-7) < 1e-12, 0.0, -np.inf), 10.0)


def test_cut_off_density_is_an_error():
    with pytest.raises(ValueError, match="the range cuts the density off"):
        tabulate(stats.norm.logpdf, 5.0)


def test_density_that_is_not_a_number_is_an_error():
    with pytest.raises(ValueError, match="zero or not a number"):
        tabulate(lambda x: np.full_like(x, np.nan), 1.0)


def test_draws_follow_the_density():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.3, 0.7), 15.0)
    draws = density.draw(10_000, np.random.default_rng(0))
    assert draws.shape == (10_000,)
    assert len(np.unique(draws)) == 10_000
    # A fixed seed: a p-value below 1e-3 would be bad luck once in a thousand seeds.
    assert stats.kstest(draws, stats.norm(0.3, 0.7).cdf).pvalue > 1e-3


def test_draws_come_from_the_generator_alone():
    density = tabulate(stats.norm.logpdf, 12.0)
    first, again, other = (density.draw(5, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
