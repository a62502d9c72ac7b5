"""The multi-sample bound against Gaussians whose weights have closed forms."""

import numpy as np
import pytest
from scipy import stats

from flowcheck import multisample
from flowcheck.divergence import Estimate

SAMPLES = [1, 2, 10, 20, 100, 200, 1000]


def log_ratio(variance, draws=400_000, seed=0):
    """log p - log q at draws of q = N(0, variance), for p = N(0, 1)."""
    x = np.sqrt(variance) * np.random.default_rng(seed).standard_normal(draws)
    return stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=np.sqrt(variance))


def test_one_sample_is_the_elbo_and_its_gap_the_divergence():
    log_r = log_ratio(0.8)
    kl = 0.5 * (0.8 - 1 - np.log(0.8))
    gap, bound = multisample.gap(log_r, 1, 0.0), multisample.bound(log_r, 1)
    assert abs(gap.value - kl) < 4 * gap.se
    assert abs(bound.value + kl) < 4 * bound.se
    assert bound.value == pytest.approx(log_r.mean(), abs=1e-12)


def test_two_samples_against_quadrature():
    # E log mean of two weights, over a fine grid of pairs.
    x = np.linspace(-9, 9, 1501)
    mass = stats.norm.pdf(x, scale=np.sqrt(0.8)) * (x[1] - x[0])
    log_r = stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=np.sqrt(0.8))
    pair = np.logaddexp(log_r[:, None], log_r[None, :]) - np.log(2)
    exact = -(mass @ pair @ mass)
    gap = multisample.gap(log_ratio(0.8), 2, 0.0)
    assert abs(gap.value - exact) < 4 * gap.se
    assert gap.se < 0.02 * exact


@pytest.mark.parametrize("variance", [0.2, 0.8, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_common_draws_rise_without_exception(variance, seed):
    log_r = log_ratio(variance, 20_000, seed)
    values = [multisample.bound(log_r, k).value for k in SAMPLES]
    # Each block's mean is that of its parts: only rounding could break Jensen's inequality.
    assert (np.diff(values) > -1e-12).all()
    last = multisample.bound(log_r, 1000)
    assert last.value <= 4 * max(last.se, 1e-3)


def test_gap_falls_as_the_variance_over_twice_k():
    log_r = log_ratio(0.8)
    exact = (0.8 / np.sqrt(2 * 0.8 - 1) - 1) / 2  # Var(r) / 2 of Gaussians
    for k in (100, 1000):
        gap = multisample.gap(log_r, k, 0.0)
        # The next order is 1 / K of it, with a third moment that is large here.
        assert abs(gap.value * k - exact) < 4 * gap.se * k + 5 * exact / k


def test_without_a_variance_the_rate_is_lost():
    log_r = log_ratio(0.2, 4_000_000)
    few, many = (multisample.gap(log_r, k, 1.0) for k in (10, 1000))
    rate = np.log(few.value / many.value) / np.log(100)
    # The tail's index is 1.25, hence K^-0.25 in the end; 1/K would be four times as steep.
    assert 0.1 < rate < 0.5


def test_both_estimates_of_the_gap_agree():
    log_r = log_ratio(0.8)
    with_it, without = (multisample.gap(log_r, 10, tail) for tail in (0.0, 1.0))
    assert abs(with_it.value - without.value) < 4 * without.se
    assert with_it.se < without.se / 5
    assert without.value == pytest.approx(-multisample.bound(log_r, 10).value, abs=1e-12)


def test_blocks_are_successive_and_the_rest_is_left():
    log_w = np.log([1.0, 3.0, 2.0, 6.0, 100.0])
    np.testing.assert_allclose(multisample.block_log_means(log_w, 2), np.log([2.0, 4.0]))
    np.testing.assert_array_equal(multisample.block_log_means(log_w, 1), log_w)
    # No overflow: weights of e^800 have a log mean all the same.
    assert multisample.block_log_means(np.array([800.0, 800.0]), 2) == pytest.approx(800.0)


def test_mean_of_independent_estimates():
    mean = multisample.mean_of([Estimate(1.0, 0.3), Estimate(3.0, 0.4)])
    assert mean == pytest.approx((2.0, 0.25))
    assert multisample.mean_of([Estimate(3.0, 0.3)] * 4) == pytest.approx((3.0, 0.15))


@pytest.mark.parametrize(
    ("samples", "draws"),
    [([1, 2, 5], 100), ([1, 10], 15), ([1, 10], 10), ([2, 2], 100), ([4, 2], 8)],
)
def test_sizes_that_do_not_nest_are_refused(samples, draws):
    with pytest.raises(ValueError, match="do not divide"):
        multisample.check_sizes(samples, draws)


@pytest.mark.parametrize(("samples", "draws"), [(SAMPLES, 200_000), ([1, 10], 20), ([3], 6)])
def test_sizes_that_nest_pass(samples, draws):
    multisample.check_sizes(samples, draws)
