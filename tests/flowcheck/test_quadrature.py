"""One-dimensional quadrature: right to its tolerance, or an error."""

import math

import numpy as np
import pytest
from scipy import stats

from flowcheck import quadrature
from flowcheck.quadrature import tabulate


def test_normal_density():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.3, 0.7) + 5.0, -15.0, 15.0)
    # The rule is exact to rounding here: 1e-13 of a log integral of 5, and of moments near 1.
    assert density.log_normaliser == pytest.approx(5.0, abs=1e-12)
    assert density.tolerance < 1e-11
    assert density.mass.sum() == pytest.approx(1, abs=1e-12)
    assert density.expectation(density.grid) == pytest.approx(0.3, abs=1e-12)
    assert density.expectation(density.grid**2) == pytest.approx(0.3**2 + 0.7**2, abs=1e-12)


def test_two_peaks():
    density = tabulate(
        lambda x: np.logaddexp(-50 * (x - 2) ** 2, -50 * (x + 1) ** 2 + 1), -10.0, 10.0
    )
    expected = math.log((1 + math.e) * math.sqrt(math.pi / 50))
    assert density.log_normaliser == pytest.approx(expected, abs=1e-12)
    assert density.expectation(density.grid) == pytest.approx((2 - math.e) / (1 + math.e))


@pytest.mark.parametrize("shift", [-1e9, -1e5, 1e5, 1e9])
def test_a_constant_costs_digits_and_the_tolerance_says_so(shift):
    density = tabulate(lambda x: stats.norm.logpdf(x) + shift, -12.0, 12.0)
    assert abs(density.log_normaliser - shift) <= density.tolerance
    assert density.tolerance <= 1e-12 + 4 * np.spacing(abs(shift))


def test_tolerance_is_absolute():
    # A peak that the first grids resolve to 1e-4: relative to a log integral of 1e9 they would do.
    def log_density(x):
        return -1e9 + stats.norm.logpdf(x, 0.0123, 2e-3)

    density = tabulate(log_density, -10.0, 10.0)
    assert abs(density.log_normaliser + 1e9) <= density.tolerance < 1e-6


def test_narrow_density_takes_a_finer_grid():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.0123, 1e-4), -10.0, 10.0)
    assert density.log_normaliser == pytest.approx(0, abs=1e-11)
    assert density.grid[1] - density.grid[0] < 2e-4
    deviation = (density.grid - 0.0123) ** 2
    assert math.sqrt(density.expectation(deviation)) == pytest.approx(1e-4, rel=1e-8)


@pytest.fixture
def grids():
    """The grids on which the density that `watched` wraps was asked for: size, ends."""
    return []


def watched(log_density, grids):
    def watching(x):
        grids.append((len(x), float(x[0]), float(x[-1])))
        return log_density(x)

    return watching


def test_too_narrow_a_density_is_an_error(grids):
    # Only the grid's middle point meets it: each halving of the spacing halves the integral.
    with pytest.raises(ValueError, match="too narrow for its range"):
        tabulate(watched(lambda x: -0.5 * (x / 1e-9) ** 2, grids), -10.0, 10.0)
    assert grids == [(2**k + 1, -10.0, 10.0) for k in range(12, 23)]


def test_two_agreements_settle_it_and_a_wider_range_checks_it(grids):
    density = tabulate(watched(stats.norm.logpdf, grids), -10.0, 14.0)
    # A smooth density agrees from the start: the second halving is the second agreement. The
    # wider range is half as long again, 6 on each side.
    sizes = [(2**k + 1, -10.0, 14.0) for k in (12, 13, 14)]
    assert grids == [*sizes, (2**15 + 1, -16.0, 20.0)]
    assert len(density.grid) == len(density.mass) == 2**14 + 1


@pytest.mark.parametrize(
    ("integrals", "rounding"),
    [
        ([0.0, 0.2, 0.4], 0.0),  # two agreements in a row
        ([0.0, 0.2, 1.2, 1.3, 1.4], 0.0),  # the first one is forgotten
        ([0.0, 0.25, 0.375, 0.5], 0.0),  # a move by the tolerance itself is no agreement
        ([0.0, 0.25, 0.375], 0.125),  # but the rounding is granted besides
    ],
)
def test_agreements_are_two_in_a_row_by_less_than_the_tolerance(monkeypatch, integrals, rounding):
    taken = iter([*integrals, integrals[-1] + 0.0625])  # the last is that of the wider range

    def scripted(log_density, low, high, intervals):
        return np.zeros(2), np.zeros(2), next(taken), rounding

    monkeypatch.setattr(quadrature, "_trapezoid", scripted)
    density = tabulate(None, 0.0, 1.0, tolerance=0.25)
    assert density.log_normaliser == integrals[-1]
    # What the last halving moved, or the wider range if that is more; and the rounding.
    assert density.tolerance == max(integrals[-1] - integrals[-2], 0.0625) + rounding
    assert next(taken, None) is None


@pytest.mark.parametrize(("beyond", "refused"), [(3.75, False), (3.8, True), (-3.8, True)])
def test_ten_tolerances_and_roundings_may_lie_outside(monkeypatch, beyond, refused):
    taken = iter([0.0, 0.0, 0.0, beyond])
    monkeypatch.setattr(
        quadrature, "_trapezoid", lambda *_: (np.zeros(2), np.zeros(2), next(taken), 0.125)
    )
    if refused:
        with pytest.raises(ValueError, match="cuts the density off"):
            tabulate(None, 0.0, 1.0, tolerance=0.25)
    else:
        assert tabulate(None, 0.0, 1.0, tolerance=0.25).tolerance == 3.875


def test_trapezoids_of_the_exponential_have_a_closed_form():
    h = 0.25
    grid, log_mass, log_integral, rounding = quadrature._trapezoid(lambda x: x, 0.0, 1.0, 4)
    assert grid.tolist() == [0, 0.25, 0.5, 0.75, 1]
    # A geometric series, whose ends count by half.
    expected = h / 2 * (math.e - 1) * (math.exp(h) + 1) / (math.exp(h) - 1)
    assert math.exp(log_integral) == pytest.approx(expected, rel=1e-14)
    assert np.exp(log_mass) == pytest.approx(
        h * np.array([0.5, math.exp(0.25), math.exp(0.5), math.exp(0.75), 0.5 * math.e]), rel=1e-14
    )
    assert rounding == np.spacing(1.0)
    assert quadrature._trapezoid(lambda x: x - 5, 0.0, 1.0, 4)[3] == np.spacing(4.0)


def test_what_lies_outside_is_in_the_tolerance():
    missing = 7e-12
    end = stats.norm.isf(missing / 2)
    density = tabulate(stats.norm.logpdf, -end, end)
    # Sums of 16,000 terms are off by up to 1e-12.
    assert density.log_normaliser == pytest.approx(-missing, abs=2e-12)
    assert missing - 2e-12 < density.tolerance < missing + 2e-12


def test_ten_tolerances_outside_are_too_many():
    end = stats.norm.isf(1.5e-11 / 2)
    with pytest.raises(ValueError, match="the range cuts the density off"):
        tabulate(stats.norm.logpdf, -end, end)
    tabulate(stats.norm.logpdf, -end, end, tolerance=1e-11)


def test_draws_have_1600_points_a_width_where_the_mass_is():
    density = tabulate(stats.norm.logpdf, -15.0, 15.0)
    fine, spacing = density._fine_grid(), 30 / 2**14
    width = math.sqrt(2 * math.pi)
    assert np.diff(fine).max() == pytest.approx(spacing / math.ceil(spacing / width * 1600))
    assert width / 3200 < np.diff(fine).max() <= width / 1600
    # The mass of an interval falls below 1e-18 here, to the next point of the grid or two.
    end = math.sqrt(2 * math.log(spacing / width / quadrature.NEVER_DRAWN))
    assert (fine[0], fine[-1]) == pytest.approx((-end, end), abs=2 * spacing)
    assert (np.diff(fine) > 0).all()


def test_density_that_falls_between_all_points_is_an_error():
    with pytest.raises(ValueError, match="zero or not a number"):
        tabulate(lambda x: np.where(abs(x - 1e-7) < 1e-12, 0.0, -np.inf), -10.0, 10.0)


def test_cut_off_density_is_an_error():
    with pytest.raises(ValueError, match="the range cuts the density off"):
        tabulate(stats.norm.logpdf, -5.0, 5.0)


def test_density_that_is_not_a_number_is_an_error():
    with pytest.raises(ValueError, match="zero or not a number"):
        tabulate(lambda x: np.full_like(x, np.nan), -1.0, 1.0)


def test_draws_follow_the_density():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.3, 0.7), -15.0, 15.0)
    draws = density.draw(10_000, np.random.default_rng(0))
    assert draws.shape == (10_000,)
    assert len(np.unique(draws)) == 10_000
    # A fixed seed: a p-value below 1e-3 would be bad luck once in a thousand seeds.
    assert stats.kstest(draws, stats.norm(0.3, 0.7).cdf).pvalue > 1e-3


class Evenly:
    """In place of a generator: the middles of as many equal parts of the unit interval."""

    def random(self, draws):
        return (np.arange(draws) + 0.5) / draws


@pytest.mark.parametrize("half_width", [8.0, 60.0, 1000.0])
@pytest.mark.parametrize(("mean", "scale"), [(0.3, 0.7), (-2.0, 0.1), (0.0, 1.0)])
def test_inversion_keeps_the_variance(mean, scale, half_width):
    density = tabulate(lambda x: stats.norm.logpdf(x, mean, scale), -half_width, half_width)
    draws = density.draw(1_000_000, Evenly())
    # Equal parts themselves lose 6e-6 of a normal's variance, in its tails.
    assert draws.var() == pytest.approx(scale**2, rel=2e-5)
    assert draws.mean() == pytest.approx(mean, abs=1e-6)


def test_inversion_keeps_both_of_two_far_peaks():
    density = tabulate(
        lambda x: np.logaddexp(stats.norm.logpdf(x, -40, 0.02), stats.norm.logpdf(x, 40, 0.02)),
        -41.0,
        41.0,
    )
    draws = density.draw(1_000_000, Evenly())
    assert (draws > 0).mean() == pytest.approx(0.5, abs=1e-6)
    for side in (draws[draws > 0], draws[draws < 0]):
        assert side.var() == pytest.approx(0.02**2, rel=5e-5)


def test_variance_of_values_far_from_zero():
    density = tabulate(lambda x: stats.norm.logpdf(x, 0.0, 0.7), -10.0, 10.0)
    # Squares of 1e8 have no digit left for a variance of 1/2.
    assert density.variance(density.grid + 1e8) == pytest.approx(0.49, rel=1e-6)


def test_draws_come_from_the_generator_alone():
    density = tabulate(stats.norm.logpdf, -12.0, 12.0)
    first, again, other = (density.draw(5, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
