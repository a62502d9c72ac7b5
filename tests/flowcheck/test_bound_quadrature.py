"""Exact gaps of the multi-sample bound, where other means know them."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from flowcheck import multisample
from flowcheck.base_quadrature import tabulate
from flowcheck.bound_quadrature import exact_gaps
from flowcheck.divergence import pareto_k

SAMPLES = [1, 2, 10, 20, 100, 200, 1000]


def nodes_of(variance):
    """p = N(0, 1), q = N(0, variance)."""
    return tabulate(
        lambda z: 0.5 * (1 - variance) * z.square().sum(-1) + 0.5 * math.log(variance),
        1,
        relative=1e-8,
    )


def test_heavy_tails():
    # Worked out independently, to four digits.
    published = [0.4047, 0.3360, 0.2053, 0.1639, 0.0967, 0.0773, 0.0465]
    gaps = exact_gaps(nodes_of(0.2), SAMPLES)
    assert [gap.value for gap in gaps] == pytest.approx(published, abs=6e-5)
    assert all(gap.se < 1e-5 for gap in gaps)


@pytest.mark.parametrize("variance", [0.3, 0.8, 2.0])
def test_two_samples_against_a_sum_over_pairs(variance):
    x = np.linspace(-9, 9, 1501) * math.sqrt(variance)
    mass = stats.norm.pdf(x, scale=math.sqrt(variance)) * (x[1] - x[0])
    log_r = stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=math.sqrt(variance))
    exact = -(mass @ (np.logaddexp(log_r[:, None], log_r[None, :]) - math.log(2)) @ mass)
    (gap,) = exact_gaps(nodes_of(variance), [2])
    # The mass of q beyond nine standard deviations is 1e-19; log r there is at most 100.
    assert abs(gap.value - exact) <= gap.se + 1e-12


def test_one_sample_is_kl():
    (gap,) = exact_gaps(nodes_of(0.8), [1])
    assert gap.value == pytest.approx(0.5 * (0.8 - 1 - math.log(0.8)), rel=1e-9)


@pytest.mark.parametrize("variance", [0.2, 0.8, 2.0])
def test_gaps_fall_and_agree_with_draws(variance):
    gaps = exact_gaps(nodes_of(variance), SAMPLES)
    assert (np.diff([gap.value for gap in gaps]) < 0).all()
    x = math.sqrt(variance) * np.random.default_rng(3).standard_normal(400_000)
    log_r = stats.norm.logpdf(x) - stats.norm.logpdf(x, scale=math.sqrt(variance))
    for k, gap in zip(SAMPLES, gaps, strict=True):
        estimate = multisample.gap(log_r, k, pareto_k(log_r))
        assert abs(estimate.value - gap.value) < 4 * estimate.se


def test_many_samples_reach_the_variance_over_twice_k():
    limit = (0.8 / math.sqrt(2 * 0.8 - 1) - 1) / 2
    (gap,) = exact_gaps(nodes_of(0.8), [100_000])
    # The next order is 1 / K of it.
    assert gap.value * 100_000 == pytest.approx(limit, rel=1e-3)


def test_a_missed_mode_leaves_its_share_whatever_k():
    # r = 1/2 wherever q lies; the rest of p is where no draw comes.
    nodes = tabulate(lambda z: 0 * z.sum(-1) - math.log(2), 2)
    for gap in exact_gaps(nodes, [1, 2, 1000]):
        assert gap.value == pytest.approx(math.log(2), rel=1e-8)


def test_where_p_is_zero_on_part_of_q_no_gap_is_finite():
    nodes = tabulate(lambda z: z[:, 0].sign().log(), 1)  # log 1 and log -1, not a number
    assert all(math.isnan(gap.value) for gap in exact_gaps(nodes, [1, 10]))
    nodes = tabulate(lambda z: (z[:, 0] > 0).double().log() + math.log(2), 1)
    assert all(gap.value == math.inf for gap in exact_gaps(nodes, [1, 10]))


def test_points_without_a_ratio_count_as_places_where_p_is_not():
    # p = q but beyond 7.2, where 6e-13 of q lies. So phi = m exp(-s) + (1 - m), and the gap is near
    # 1 - m, whatever K; counted as if p were infinite there it would be 30 K times that.
    nodes = tabulate(lambda z: torch.where(z[:, 0].abs() < 7.2, 0.0, math.nan), 1)
    (gap,) = exact_gaps(nodes, [100_000])
    # Rounding of K times numbers near 1e-16.
    assert abs(gap.value) < 1e-9


@pytest.mark.parametrize("k", [1, 2, 5])
def test_two_ratios_far_apart_are_a_binomial_sum(k):
    # On one half of q r is exp(-60), on the other 2 less that, so that the mean is 1.
    low, high = -60.0, math.log(2 - math.exp(-60))
    nodes = tabulate(lambda z: torch.where(z[:, 0] < 0, low, high), 1)
    exact = -sum(
        math.comb(k, j) / 2**k * math.log((j * math.exp(low) + (k - j) * math.exp(high)) / k)
        for j in range(k + 1)
    )
    (gap,) = exact_gaps(nodes, [k])
    # Beyond the stated tolerance, the rounding of sums of numbers up to 60.
    assert abs(gap.value - exact) <= gap.se + 1e-12
    # It is far better than its tolerance, which is that of the coarser rules that check it.
    assert abs(gap.value - exact) < 1e-8
    assert gap.se < 1e-5 * exact
