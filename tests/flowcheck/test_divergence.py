"""Divergences against closed forms, each within the error it states."""

import math

import numpy as np
import pytest
from scipy import stats

from flowcheck.divergence import (
    PARETO_LIMIT,
    Estimate,
    evenly,
    kl_divergence,
    knn_divergence,
    mean_weight,
    mean_with_error,
    misses_mass,
    pareto_k,
)


def log_ratio(draws, mean, scale):
    """log b - log a at `draws` of a = N(0, 1), for b = N(mean, scale^2)."""
    return stats.norm.logpdf(draws, mean, scale) - stats.norm.logpdf(draws)


def exact_kl(mean, scale):
    """KL(N(0, 1) | N(mean, scale^2))."""
    return math.log(scale) + (1 + mean**2) / (2 * scale**2) - 0.5


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("control_variate", [True, False])
@pytest.mark.parametrize(("mean", "scale"), [(0.01, 1.0), (0.0, 1.02), (0.3, 1.2), (1.0, 2.0)])
def test_kl_of_gaussians_is_within_its_own_error(mean, scale, control_variate):
    ratio = log_ratio(normal(100_000), mean, scale)
    estimate = kl_divergence(ratio, 0.0 if control_variate else 1.0)
    assert abs(estimate.value - exact_kl(mean, scale)) < 4 * estimate.se


@pytest.mark.parametrize(("mean", "scale"), [(0.1, 1.0), (0.3, 1.2)])
def test_stated_error_is_the_spread_over_repeats(mean, scale):
    # The first by the control variate, the second, of heavier terms, without it.
    ratios = [log_ratio(normal(2000, seed=s), mean, scale) for s in range(200)]
    estimates = [kl_divergence(ratio, 0.0) for ratio in ratios]
    plain = [mean_with_error(-ratio) for ratio in ratios]
    assert (np.mean([a == b for a, b in zip(estimates, plain, strict=True)]) > 0.5) == (scale > 1)
    spread = np.std([estimate.value for estimate in estimates])
    # A spread of 200 repeats is itself known to 5 %.
    assert np.mean([estimate.se for estimate in estimates]) == pytest.approx(spread, rel=0.2)


def test_control_variate_makes_the_error_of_second_order():
    # Its variance falls with the fourth power of the misfit, the plain one's with the second.
    draws = normal(10_000)
    ratio = log_ratio(draws, 0.005, 1.0)
    with_it, plain = kl_divergence(ratio, 0.0), kl_divergence(ratio, math.inf)
    assert with_it.se < plain.se / 100
    assert abs(with_it.value - exact_kl(0.005, 1.0)) < 4 * with_it.se
    assert with_it.se < 0.1 * exact_kl(0.005, 1.0) < plain.se


def test_equal_densities_have_no_divergence():
    assert kl_divergence(np.zeros(100), float("-inf")) == Estimate(0.0, 0.0)


@pytest.mark.parametrize("k", [PARETO_LIMIT, 0.51, 0.7, 5.0, math.inf, math.nan])
def test_heavy_weights_fall_back_on_the_plain_mean(k):
    ratio = log_ratio(normal(1000), 0.1, 1.0)
    assert kl_divergence(ratio, k) == mean_with_error(-ratio)
    assert kl_divergence(ratio, k) != kl_divergence(ratio, PARETO_LIMIT - 1e-9)


def test_weights_without_a_variance_have_no_control_variate():
    assert PARETO_LIMIT == 0.5


def test_the_control_variate_needs_a_variance_of_its_own():
    # r = 1 + h, with h of a symmetric tail of shape 0.4 and so small that r - 1 - log r is h^2 / 2:
    # a tail of shape 0.8, no variance. The weights alone would have passed.
    rng = np.random.default_rng(0)
    h = 1e-4 * rng.choice([-1, 1], 10_000) * rng.pareto(1 / 0.4, 10_000)
    ratio = np.log1p(h)
    assert pareto_k(ratio) < PARETO_LIMIT
    assert not misses_mass(mean_weight(ratio))
    assert kl_divergence(ratio, pareto_k(ratio)) == mean_with_error(-ratio)


def test_stated_errors_hold_for_heavy_weights():
    # p = N(0, 1), q = N(0, 0.8): weights of shape 0.2, whose squared deviations have 0.4, too heavy
    # for the error of their mean. Two errors should hold the truth 19 times in 20; at least 17
    # of 20 is missed once in 60 sets of seeds.
    exact, hits = 0.5 * (0.8 - 1 - math.log(0.8)), 0
    for seed in range(20):
        draws = math.sqrt(0.8) * normal(10_000, seed=seed)
        ratio = stats.norm.logpdf(draws) - stats.norm.logpdf(draws, scale=math.sqrt(0.8))
        estimate = kl_divergence(ratio, pareto_k(ratio))
        hits += abs(estimate.value - exact) <= 2 * estimate.se
    assert hits >= 17


def two_modes(x):
    """log density of (N(0, 1) + N(30, 1)) / 2."""
    return np.logaddexp(stats.norm.logpdf(x), stats.norm.logpdf(x, 30)) - math.log(2)


@pytest.mark.parametrize("scale", [1.0, 1.01, 1.1])
def test_a_dropped_mode_is_noticed_and_the_plain_mean_taken(scale):
    draws = scale * normal(10_000)
    ratio = two_modes(draws) - stats.norm.logpdf(draws, scale=scale)
    weight = mean_weight(ratio)
    assert weight.value == pytest.approx(0.5, abs=0.01)
    assert misses_mass(weight)
    # No tail says so: the control variate would have been taken, and read 1/2 nat too little.
    assert pareto_k(ratio) < PARETO_LIMIT
    estimate = kl_divergence(ratio, pareto_k(ratio))
    exact = math.log(2) + 0.5 * (scale**2 - 1) - math.log(scale)
    assert abs(estimate.value - exact) <= 4 * estimate.se + 1e-12
    assert estimate == mean_with_error(-ratio)


def test_draws_that_miss_nothing_are_seldom_said_to():
    weights = [mean_weight(log_ratio(normal(10_000, seed=s), 0.1, 1.05)) for s in range(100)]
    assert not any(misses_mass(weight) for weight in weights)
    errors = np.array([(weight.value - 1) / weight.se for weight in weights])
    assert np.std(errors) == pytest.approx(1, rel=0.3)  # its errors are those stated


def test_the_digits_of_an_evidence_are_no_missed_mass():
    assert not misses_mass(mean_weight(np.full(100, 5e-7)))
    assert misses_mass(mean_weight(np.full(100, 5e-6)))
    assert not misses_mass(mean_weight(np.zeros(100)))


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1000.0])
def test_a_mean_weight_that_is_no_number_counts_as_missed(bad):
    ratio = log_ratio(normal(1000), 0.3, 1.2)
    ratio[17] = bad
    assert misses_mass(mean_weight(ratio))


def test_mean_with_error():
    assert mean_with_error(np.array([1.0, 2.0, 6.0])) == pytest.approx(
        (3.0, math.sqrt(7 / 3)), rel=1e-15
    )


def test_pareto_k_tells_light_tails_from_heavy():
    # Weights exp(E) with E exponential of mean s are Pareto with k = s, exactly.
    exponential = np.random.default_rng(0).exponential(size=100_000)
    for k in (0.3, 0.6, 0.9, 1.5):
        # The fit uses the 950 largest: a standard error of (1 + k) / sqrt(950), 0.08 at most.
        assert pareto_k(k * exponential) == pytest.approx(k, abs=0.25)
    assert pareto_k(log_ratio(normal(10_000), 0.01, 1.0)) < 0.3


def test_pareto_k_is_of_the_weights_and_not_of_their_inverses():
    # b narrower than a: b/a is bounded, and a/b is not.
    narrow = log_ratio(normal(100_000), 0.0, 0.5)
    assert pareto_k(narrow) < 0.3
    # b wider: b/a = exp(3 x^2 / 8) / 2, a tail of k = 3/4 under a, neared only logarithmically.
    assert pareto_k(log_ratio(normal(100_000), 0.0, 2.0)) > PARETO_LIMIT - 0.2


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("bad", [math.nan, -math.inf, math.inf])
def test_log_ratio_that_is_not_finite_gives_no_false_divergence(bad):
    ratio = log_ratio(normal(1000), 0.3, 1.2)
    ratio[17] = bad
    estimate = kl_divergence(ratio, pareto_k(ratio))
    assert not math.isfinite(estimate.value)


def test_pareto_k_of_equal_weights():
    assert pareto_k(np.full(100, 3.0)) == -math.inf


def test_pareto_k_ignores_the_normaliser():
    weights = normal(2000)
    # A shift by 100 costs two of sixteen digits.
    assert pareto_k(weights + 100) == pytest.approx(pareto_k(weights), rel=1e-9)


def brute_force_knn(draws, reference, k):
    """Wang, Kulkarni & Verdu's formula, distance by distance."""
    n, m = len(draws), len(reference)
    total = 0.0
    for i, point in enumerate(draws):
        own = sorted(math.dist(point, other) for j, other in enumerate(draws) if j != i)[k - 1]
        total += math.log(sorted(math.dist(point, other) for other in reference)[k - 1] / own)
    return draws.shape[1] * total / n + math.log(m / (n - 1))


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("dim", [1, 2, 4])
def test_knn_is_its_formula(k, dim):
    draws, reference = normal(40, dim), normal(60, dim, seed=1)
    expected = brute_force_knn(draws, reference, k)
    assert knn_divergence(draws, reference, k) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_knn_of_gaussians(shift):
    draws, reference = normal(5000, 2), normal(5000, 2, seed=1)
    reference[:, 0] += shift
    # The estimator's own spread at n = 5000 is 0.014; it reads a divergence of 0.5 a little low.
    assert knn_divergence(draws, reference, 3) == pytest.approx(shift**2 / 2, abs=0.06)


def test_knn_takes_repeated_states_once():
    draws, reference = normal(500, 2), normal(400, 2, seed=1)
    times = np.random.default_rng(2).integers(1, 9, size=400)
    assert times.max() > 3  # else a k-th neighbour at no distance could not arise
    repeated = np.repeat(reference, times, axis=0)
    assert knn_divergence(draws, repeated, 3) == knn_divergence(draws, reference, 3)


def test_knn_does_not_depend_on_order():
    draws, reference = normal(100, 2), normal(100, 2, seed=1)
    # Sums in another order: rounding.
    assert knn_divergence(draws[::-1], reference[::-1], 3) == pytest.approx(
        knn_divergence(draws, reference, 3), rel=1e-12
    )


@pytest.mark.parametrize(("n", "m"), [(3, 100), (100, 2)])
def test_knn_needs_more_points_than_neighbours(n, m):
    with pytest.raises(ValueError, match="more than 3 distinct draws"):
        knn_divergence(normal(n, 2), normal(m, 2), 3)


def test_knn_refuses_a_reference_of_few_states_and_a_flow_of_few_points():
    stuck = np.repeat(normal(2, 2), 50, axis=0)
    with pytest.raises(ValueError, match="more than 3 distinct draws"):
        knn_divergence(normal(100, 2), stuck, 3)
    with pytest.raises(ValueError, match="more than 3 distinct draws"):
        knn_divergence(stuck, normal(100, 2), 3)


@pytest.mark.parametrize(("length", "n"), [(10, 10), (10, 25), (1000, 7), (10_000, 9_999), (5, 1)])
def test_evenly_spaced_rows(length, n):
    rows = np.arange(length)[:, None]
    chosen = evenly(rows, n)[:, 0]
    assert len(chosen) == min(n, length)
    assert chosen[0] == 0
    assert n == 1 or chosen[-1] == length - 1
    assert n == 1 or np.ptp(np.diff(chosen)) <= 1


def test_evenly_gives_every_chain_its_share():
    chains = np.repeat(np.arange(4), 250)[:, None]
    counts = np.unique(evenly(chains, 100), return_counts=True)[1]
    assert counts.tolist() == [25, 25, 25, 25]


def test_as_few_draws_as_the_neighbours_need_are_enough():
    three, four = np.arange(3.0)[:, None], np.arange(4.0)[:, None] + 0.25
    assert np.isfinite(knn_divergence(four, three, 3))


@pytest.mark.parametrize(
    ("last", "shape"), [(math.nan, math.inf), (math.inf, math.inf), (0.0, -math.inf)]
)
def test_weights_that_are_no_sample_have_a_shape_by_convention(last, shape):
    assert pareto_k(np.append(np.zeros(200), last)) == shape
