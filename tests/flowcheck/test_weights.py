"""Divergences from weights against closed forms, and errors that mean what they say."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from flowcheck.divergence import Estimate
from flowcheck.weights import measure

# q = N(0, 1) against p = N(shift, scale^2), whose divergences are known.
SHIFT, SCALE, LOG_Z, N = 0.3, 0.8, -7.0, 4000
REVERSE = math.log(SCALE) + (1 + SHIFT**2) / (2 * SCALE**2) - 0.5
FORWARD = -math.log(SCALE) + (SCALE**2 + SHIFT**2) / 2 - 0.5


def log_w(x):
    return LOG_Z + norm.logpdf(x, SHIFT, SCALE) - norm.logpdf(x)


def total_variation():
    x = np.linspace(-12, 12, 200_001)
    return float(0.5 * np.abs(norm.pdf(x, SHIFT, SCALE) - norm.pdf(x)).sum() * (x[1] - x[0]))


def measured(seed, evidence_se):
    rng = np.random.default_rng(seed)
    ours = log_w(rng.standard_normal(N))
    theirs = log_w(SHIFT + SCALE * rng.standard_normal((4, N // 4)))
    evidence = Estimate(LOG_Z + evidence_se * rng.standard_normal(), evidence_se)
    return measure(ours, evidence, theirs)


@pytest.mark.parametrize("evidence_se", [0.0, 0.003, 0.1])
def test_every_number_lies_within_its_error(evidence_se):
    """Of 60 seeds some 95 % lie within 2 errors: fewer than 51 have a chance of one in 10,000."""
    truth = {
        "elbo": LOG_Z - REVERSE,
        "kl": REVERSE,
        "kl_forward": FORWARD,
        "unseen": 0.0,
        "eubo": LOG_Z + FORWARD,
        "tv": total_variation(),
    }
    inside = dict.fromkeys(truth, 0)
    for seed in range(60):
        found = measured(seed, evidence_se)
        for name, value in truth.items():
            estimate = getattr(found, name)
            inside[name] += abs(estimate.value - value) <= 2 * estimate.se + 1e-9
    assert all(count >= 51 for count in inside.values()), inside


@pytest.mark.parametrize("evidence_se", [0.003, 0.1])
def test_errors_are_not_larger_than_need_be(evidence_se):
    """Over 60 seeds the mean square of deviations over errors is 1, to 0.18 if these are right.

    That of the total variation is smaller: the error of Z is added to it as if independent.
    """
    truth = {"kl": REVERSE, "kl_forward": FORWARD, "unseen": 0.0, "tv": total_variation()}
    squares = dict.fromkeys(truth, 0.0)
    for seed in range(60):
        found = measured(seed, evidence_se)
        for name, value in truth.items():
            estimate = getattr(found, name)
            squares[name] += ((estimate.value - value) / estimate.se) ** 2 / 60
    assert squares.pop("tv") > 0.25
    assert all(square > 0.5 for square in squares.values()), squares


def test_a_small_misfit_has_a_small_error_in_both_directions():
    # log r has a standard deviation of 0.05, and r - 1 - log r of 0.05^2 / sqrt(2).
    rng = np.random.default_rng(2)
    ours, theirs = rng.standard_normal(N), 0.05 + rng.standard_normal((4, N // 4))
    found = measure(
        LOG_Z + 0.05 * ours - 0.05**2 / 2,
        Estimate(LOG_Z, 0.0),
        LOG_Z + 0.05 * theirs - 0.05**2 / 2,
    )
    for kl, bound in ((found.kl, found.elbo), (found.kl_forward, found.eubo)):
        assert kl.value == pytest.approx(0.05**2 / 2, abs=4 * kl.se)
        assert 0 < kl.se < 0.1 * bound.se


def test_an_error_of_the_evidence_moves_kl_to_second_order():
    # e^d - 1 - d with d the error of log Z, 0.2: half its square, beside which that of the draws is
    # nothing.
    ours = LOG_Z + 0.01 * np.random.default_rng(3).standard_normal(N)
    found = measure(ours, Estimate(LOG_Z + 0.2, 0.2), None)
    assert found.kl.se == pytest.approx(0.02, rel=0.01)
    assert found.kl.value == pytest.approx(math.exp(-0.2) - 1 + 0.2, rel=0.05)


def test_shape_and_unseen_are_the_whole():
    found = measured(0, 0.0)
    plain = LOG_Z - found.elbo.value
    assert found.shape.value + found.unseen.value == pytest.approx(plain, abs=1e-12)


def test_a_bad_evidence_is_replaced_by_a_bridge_to_q():
    assert measured(3, 0.1).kl.se < 0.02


def test_a_dropped_mode_is_unseen_and_not_in_the_shape():
    # p has weights 0.3 and 0.7 on unit normals 16 apart; q is the larger one: KL = -log 0.7.
    rng = np.random.default_rng(5)

    def ratio(x):
        mixture = np.logaddexp(math.log(0.7) + norm.logpdf(x), math.log(0.3) + norm.logpdf(x - 16))
        return mixture - norm.logpdf(x)

    x = rng.standard_normal(4000)
    both = rng.standard_normal((4, 1000)) + 16 * (rng.random((4, 1000)) < 0.3)
    found = measure(ratio(x), Estimate(0.0, 0.0), ratio(both))
    assert found.kl.value == pytest.approx(-math.log(0.7), abs=1e-6)
    assert abs(found.shape.value) < 1e-6
    assert found.missing_mass == pytest.approx(0.3, abs=1e-6)
    assert found.pareto_k < 0.5  # which shows nothing of it


def test_without_an_evidence_nothing_that_needs_it_has_a_value():
    found = measure(log_w(np.random.default_rng(1).standard_normal(N)), None, None)
    assert math.isfinite(found.elbo.value)
    assert math.isfinite(found.pareto_k)
    assert math.isfinite(found.shape.value)
    for name in ("kl", "kl_forward", "unseen", "eubo", "tv"):
        assert math.isnan(getattr(found, name).value)
        assert math.isnan(getattr(found, name).se)
