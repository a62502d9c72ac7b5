"""Normalising constants against closed forms, and errors that mean what they say."""

import math

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import signal, stats

from flowcheck.bridge import (
    NoOverlap,
    _beyond,
    bridge,
    chain_error,
    importance,
    standard_error,
)

# q = N(0, 1) and p = exp(LOG_Z) N(SHIFT, SCALE^2).
LOG_Z, SHIFT, SCALE = -7.0, 0.5, 0.8


def log_w(x):
    return LOG_Z + stats.norm.logpdf(x, SHIFT, SCALE) - stats.norm.logpdf(x)


def chain(rng, shape, memory=0.0):
    """A chain of p: an autoregression, [C, N], started in equilibrium."""
    noise = rng.standard_normal(shape) * math.sqrt(1 - memory**2)
    noise[:, 0] /= math.sqrt(1 - memory**2)
    return SHIFT + SCALE * signal.lfilter([1], [1, -memory], noise)


@pytest.mark.parametrize("memory", [0.0, 0.8, -0.5])
def test_bridge_errors_are_the_spread_over_seeds(memory):
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        theirs = log_w(chain(rng, (8, 250), memory))
        found.append(bridge(theirs, log_w(rng.standard_normal(2000))))
    scores = np.array([(estimate.value - LOG_Z) / estimate.se for estimate in found])
    # The spread of 100 is known to 7 %; the errors themselves rest on an estimated effective size.
    assert np.std(scores) == pytest.approx(1, abs=0.3)
    assert abs(np.mean(scores)) < 4 / math.sqrt(len(scores))


def test_bridge_is_the_fixed_point_of_meng_and_wong():
    rng = np.random.default_rng(0)
    theirs, ours = log_w(chain(rng, (1, 5000))), log_w(rng.standard_normal(3000))
    found = bridge(theirs, ours)
    # Their iteration with the plain sizes: the effective size only weighs the two samples, and
    # between 5,000 and 4,000 that moves the value by far less than its error.
    l1, l2, r = np.exp(theirs.ravel() - LOG_Z), np.exp(ours - LOG_Z), 1.0
    s1, s2 = 5 / 8, 3 / 8
    for _ in range(200):
        r = np.mean(l2 / (s1 * l2 + s2 * r)) / np.mean(1 / (s1 * l1 + s2 * r))
    assert abs(found.value - LOG_Z - math.log(r)) < 0.2 * found.se


def test_what_each_draw_adds_to_the_error_adds_up_to_nothing():
    # Deviations from means, each relative to its mean: by their definition, up to rounding.
    rng = np.random.default_rng(0)
    found = bridge(log_w(chain(rng, (4, 500))), log_w(rng.standard_normal(2000)))
    for part in (found.on_chain, found.on_draws):
        assert abs(part.mean()) < 1e-12
        assert part.std() > 0.1


def test_bridge_of_equal_densities_has_no_error():
    found = bridge(np.full((4, 100), LOG_Z), np.full(500, LOG_Z))
    assert found.value == pytest.approx(LOG_Z, abs=1e-10)
    # Rounding of a mean of ones.
    assert found.se < 1e-12


def test_bridge_takes_log_weights_of_any_size():
    rng = np.random.default_rng(0)
    theirs, ours = log_w(chain(rng, (4, 500))), log_w(rng.standard_normal(2000))
    # A shift by 10^5 leaves ten digits.
    shifted = bridge(theirs + 1e5, ours + 1e5)
    assert shifted.value - 1e5 == pytest.approx(bridge(theirs, ours).value, abs=1e-9)


def test_bridge_says_when_there_is_no_overlap():
    theirs, ours = np.zeros((2, 100)), np.zeros(100)
    for bad in (np.full((2, 100), -np.inf), np.full((2, 100), np.nan)):
        with pytest.raises(NoOverlap, match="vanishes"):
            bridge(bad, ours)
    with pytest.raises(NoOverlap, match="vanishes"):
        bridge(theirs, np.full(100, -np.inf))


def test_a_draw_of_no_density_counts_as_none():
    rng = np.random.default_rng(0)
    theirs, ours = log_w(chain(rng, (4, 500))), log_w(rng.standard_normal(2000))
    for bad in (np.nan, -np.inf):
        spoilt = np.concatenate([ours, np.full(2000, bad)])
        # Half of q's mass lies where p has none: q(x) doubles elsewhere, and so does the weight.
        expected = bridge(theirs, ours).value - math.log(2)
        found = bridge(theirs, spoilt)
        assert abs(found.value - expected) < 2 * found.se


def test_importance_errors_are_the_spread_over_seeds():
    found = [importance(log_w(np.random.default_rng(s).standard_normal(2000))) for s in range(100)]
    scores = np.array([(estimate.value - LOG_Z) / estimate.se for estimate in found])
    assert np.std(scores) == pytest.approx(1, abs=0.3)
    assert abs(np.mean(scores)) < 4 / math.sqrt(len(scores))


@pytest.mark.parametrize(("shape", "naive_misses"), [(0.4, 0), (0.7, 10), (0.8, 20), (0.95, 100)])
def test_heavy_tails_are_in_the_error(shape, naive_misses):
    # Pareto weights of a known tail: E w = 1 / (1 - shape), reached from below but for rare draws.
    missed, naively = 0, 0
    for seed in range(200):
        found = importance(shape * np.random.default_rng(seed).exponential(size=2000))
        short = -math.log(1 - shape) - found.value
        missed += short > 4 * found.se
        naively += short > 4 * math.sqrt(found.se**2 - found.tail**2)
    # 2,000 draws know the tail's shape to 0.15: one in twenty samples still looks too light.
    assert missed <= 10
    assert naively >= naive_misses


def test_light_tails_add_nothing_to_the_error():
    for scale in (0.7, 1.1):
        x = np.random.default_rng(0).standard_normal(20_000)
        found = importance(stats.norm.logpdf(x, 0, scale) - stats.norm.logpdf(x))
        assert found.k < 0.4
        assert found.tail == 0.0
    even = importance(np.full(1000, -3.0))
    assert (even.value, even.se, even.tail) == (-3.0, 0.0, 0.0)


def test_draws_outside_of_the_posterior_have_no_weight():
    x = np.random.default_rng(0).standard_normal(4000)
    expected = LOG_Z + stats.norm.logsf(0, SHIFT, SCALE)
    for outside in (-np.inf, np.nan):
        found = importance(np.where(x > 0, log_w(x), outside))
        assert abs(found.value - expected) < 4 * found.se < 0.5


def test_importance_without_any_weight():
    found = importance(np.full(10, -np.inf))
    assert found.value == -math.inf
    assert found.se == math.inf


def test_chain_error_of_independent_draws():
    values = np.random.default_rng(0).standard_normal((4, 5000))
    # The effective size of 20,000 independent draws is estimated to some per cent.
    assert chain_error(values) == pytest.approx(1 / math.sqrt(20_000), rel=0.1)
    assert chain_error(np.ones((4, 100))) == 0.0
    # Of zeros and ones, whose standard deviation is 1/2.
    assert chain_error((values > 0).astype(float)) == pytest.approx(
        0.5 / math.sqrt(20_000), rel=0.1
    )


@pytest.mark.parametrize(("n", "m"), [(20_000, 425), (100, 20), (5, 2)])
def test_mass_beyond_the_largest_weight_is_that_of_a_pareto_tail(n, m):
    # The quantiles of Pareto weights u^-0.8, of which the tail has 3 sqrt(n) or a fifth, whichever
    # is fewer, but two at least; k is taken one of its errors higher.
    k = 0.8
    weights = ((np.arange(n) + 0.5) / n) ** -k
    threshold, middle = ((m - 0.5) / n) ** -k, ((m // 2 - 0.5) / n) ** -k
    raised = k + (1 + k) / math.sqrt(m)
    scale = (middle - threshold) / (2**raised - 1)
    expected = scale * m**raised / max(1 - raised, 0.1) / weights.sum()
    assert _beyond(weights, k) == pytest.approx(expected, rel=1e-12)
    if n > 1000:
        # The m largest begin at (n / m)^0.8 and have the median 2^0.8 times that, to 1 / 425.
        assert scale == pytest.approx((n / m) ** k * (2**k - 1) / (2**raised - 1), rel=0.01)
        assert _beyond(weights, 0.3) == 0.0


@pytest.mark.parametrize("apart", [2.5, -2.5, 20.0, -20.0, 0.3])
def test_bridge_of_two_constants_is_midway(apart):
    # With as many draws of each, a chain whose weights are all 1 and draws whose weights are all a,
    # the fixed point r = a (1 + r) / (a + r) is sqrt(a): near enough to 0, or a search away.
    found = bridge(np.zeros((4, 50)), np.full(200, apart))
    assert found.value == pytest.approx(apart / 2, abs=1e-10)


def test_error_is_that_of_independent_parts():
    rng = np.random.default_rng(0)
    on_chain, on_draws = rng.standard_normal((4, 100)), np.array([1.0, -1.0, 3.0, -3.0])
    # The variance of the four is 5, that of their mean 5 / 4.
    assert standard_error(None, on_draws) == pytest.approx(math.sqrt(5 / 4), rel=1e-15)
    assert standard_error(on_chain, None) == pytest.approx(chain_error(on_chain), rel=1e-15)
    together = math.hypot(chain_error(on_chain), math.sqrt(5 / 4))
    assert standard_error(on_chain, on_draws) == pytest.approx(together, rel=1e-15)


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_bridge_with_its_error_is_the_published_formula(memory):
    rng = np.random.default_rng(1)
    theirs, ours = log_w(chain(rng, (4, 500), memory)), log_w(rng.standard_normal(3000))
    found = bridge(theirs, ours)
    # Meng and Wong's iteration and Fruhwirth-Schnatter's relative error, of plain weights, with the
    # chain counted by its effective size.
    size = min(array_stats.ess(theirs, chain_axis=0, draw_axis=1, method="mean"), theirs.size)
    s1, s2 = size / (size + ours.size), ours.size / (size + ours.size)
    l1, l2, r = np.exp(theirs - LOG_Z), np.exp(ours - LOG_Z), 1.0
    for _ in range(100):
        r = np.mean(l2 / (s1 * l2 + s2 * r)) / np.mean(1 / (s1 * l1 + s2 * r))
    f1, f2 = 1 / (s1 * l1 + s2 * r), l2 / (s1 * l2 + s2 * r)
    by_chain = array_stats.mcse(f1 / f1.mean(), chain_axis=0, draw_axis=1, method="mean")
    by_draws = f2.std() / f2.mean() / math.sqrt(f2.size)
    # The fixed point is found to 1e-12, and all else follows from it.
    assert found.value == pytest.approx(LOG_Z + math.log(r), abs=1e-10)
    assert found.se == pytest.approx(math.hypot(by_chain, by_draws), rel=1e-8)
    np.testing.assert_allclose(found.on_chain, 1 - f1 / f1.mean(), atol=1e-9)
    np.testing.assert_allclose(found.on_draws, f2 / f2.mean() - 1, atol=1e-9)
