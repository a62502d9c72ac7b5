"""Sliced distances against closed forms, and the table of moments."""

import math

import numpy as np
import pytest
from scipy import stats

from flowcheck.distances import (
    classifier_accuracy,
    effective_sample_size,
    moment_rows,
    repeated,
    sliced_w2,
)

ONES = np.ones(3)


def normal(n, seed, dim=3):
    return np.random.default_rng(seed).standard_normal((n, dim))


def distance(draws, reference, scale=ONES, seed=0):
    return sliced_w2(draws, reference, scale, np.random.default_rng(seed))


def test_a_shift_is_seen_from_every_side():
    draws, shift = normal(2000, 0), np.array([1.0, -2.0, 0.5])
    # One direction a sees (a . shift)^2, whose mean over the sphere is |shift|^2 / dim; 200
    # directions know it to 6 %, the root to 3 %.
    expected = math.sqrt(float(shift @ shift) / 3)
    assert distance(draws + shift, draws) == pytest.approx(expected, rel=0.12)


def test_a_wider_sample_differs_by_its_sd():
    # The same draws twice as wide: quantiles move by themselves, W2 = 1 in every direction, but
    # for the tails beyond 1,000 quantiles.
    draws = normal(20_000, 0)
    assert distance(2 * draws, draws) == pytest.approx(1, rel=0.05)


def test_units_do_not_matter():
    draws, reference, units = normal(1000, 0), normal(1000, 1), np.array([1e-3, 1.0, 1e5])
    scaled = distance(draws * units, reference * units, units)
    assert scaled == pytest.approx(distance(draws, reference), rel=1e-9)


def test_floor_falls_with_the_draws():
    floors = [
        np.mean([distance(normal(n, 2 * seed), normal(n, 2 * seed + 1)) for seed in range(10)])
        for n in (500, 8000)
    ]
    # As the root of their number, 4 here; the tails make it slower.
    assert 2.5 < floors[0] / floors[1] < 5


def test_equal_samples_of_different_sizes_have_no_distance():
    draws = normal(500, 0)
    assert distance(draws, draws) == 0.0
    # Interpolated quantiles of a repeated sample differ by the gap between neighbours.
    assert distance(np.repeat(draws, 2, axis=0), draws) < 0.05


@pytest.mark.parametrize("sizes", [(1, 1), (7, 1500), (2000, 3)])
def test_in_one_dimension_it_is_the_distance_between_quantiles(sizes):
    draws, reference = normal(sizes[0], 0, dim=1), normal(sizes[1], 1, dim=1)
    # Seen from either side: the levels lie evenly about one half.
    levels = (np.arange(1000) + 0.5) / 1000
    gaps = np.quantile(draws, levels) - np.quantile(reference, levels)
    expected = math.sqrt(np.mean(gaps**2))
    assert distance(draws, reference, np.ones(1)) == pytest.approx(expected, rel=1e-12)


def test_directions_come_from_the_generator():
    draws, reference = normal(500, 0), normal(500, 1)
    assert distance(draws, reference) == distance(draws, reference)
    assert distance(draws, reference) != distance(draws, reference, seed=1)


def test_moments_stand_beside_the_truth():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 8.0]])
    truth = {"a": {"mean": 1.0, "sd": 2.0, "mean_se": 0.0}}
    first, second = moment_rows("advi", 4, values, ["a", "b"], truth)
    assert first == {
        "approximation": "advi",
        "replicate": 4,
        "parameter": "a",
        "mean": 2.0,
        "sd": 1.0,
        "mean_se": pytest.approx(1 / math.sqrt(3)),
        "mean_error": 0.5,
        "sd_ratio": 0.5,
    }
    assert second["mean"] == 6.0
    assert math.isnan(second["mean_error"])
    assert math.isnan(second["sd_ratio"])
    errors = np.array([0.25, 0.5])
    (first, _) = moment_rows("hmc", 0, values, ["a", "b"], truth, errors)
    assert first["mean_se"] == 0.25


def test_copies_are_counted():
    draws = normal(1000, 0)
    assert repeated(draws) == 0
    assert repeated(np.concatenate([draws, draws[:250]])) == pytest.approx(0.2)
    # One coordinate in common makes no copy.
    assert repeated(np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0], [3.0, 1.0]])) == 0.25


def test_a_classifier_sees_a_shift_and_sees_nothing_in_equal_samples():
    a, b = normal(1500, 0), normal(1500, 1)
    # Each accuracy is a mean over 3,000 draws: a standard error of 0.009.
    assert classifier_accuracy(a, b, 1) == pytest.approx(0.5, abs=0.04)
    best = stats.norm.cdf(0.5 * np.sqrt(3))  # of unit normals a distance sqrt(3) apart
    found = classifier_accuracy(a + 1.0, b, 1)
    assert best - 0.08 < found < best + 0.03


def test_a_classifier_takes_seeds_of_any_size():
    a, b = normal(50, 0), normal(50, 1)
    assert classifier_accuracy(a, b, 2**32 + 1) == classifier_accuracy(a, b, 1)


@pytest.mark.parametrize(
    ("log_w", "size"),
    [
        (np.zeros(50), 50.0),
        (np.log([1.0, 2.0, 3.0]), 36 / 14),
        (np.log([1.0, 2.0, 3.0]) + 800, 36 / 14),
        (np.array([0.0, -np.inf, -np.inf]), 1.0),
        (np.array([-np.inf, -np.inf]), None),
        (np.array([0.0, np.nan]), None),
    ],
)
def test_effective_sample_size_of_weights(log_w, size):
    found = effective_sample_size(log_w)
    assert found is None if size is None else found == pytest.approx(size)
