"""Divergences from weights against closed forms, and errors that mean what they say."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from flowcheck.bridge import Normaliser, chain_error
from flowcheck.divergence import Estimate
from flowcheck.weights import (
    _difference_error,
    _forward,
    _reverse,
    _total_variation,
    measure,
)

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


@pytest.mark.parametrize(
    ("off", "value", "error"),
    [
        (0.2, math.exp(0.2) - 1 - 0.2, 0.02),  # half the square of an error of 0.2
        (0.5, math.exp(0.5) - 1 - 0.5, 0.02),  # e^0.5 is 3.2 errors from 1
        (0.7, -0.7, 0.2),  # e^0.7 is 5.1 errors from 1: by the difference of two means instead
    ],
)
def test_an_error_of_the_evidence_moves_the_forward_kl_likewise(off, value, error):
    theirs = LOG_Z + 0.001 * np.random.default_rng(3).standard_normal((4, N // 4))
    whole = Normaliser(LOG_Z + off, 0.2, None, None, tail=0.2)
    found = _forward(theirs, whole, Estimate(float(theirs.mean()), chain_error(theirs)))
    # The draws' own error is below 1e-4, as is what they move the value by.
    assert found.value == pytest.approx(value, abs=1e-4)
    assert found.se == pytest.approx(error, rel=1e-4)


def test_rounding_does_not_count_as_a_misfit():
    # Half of what rounding may do: the second-order form gives its square, the other one itself.
    theirs, whole = np.full((4, 100), LOG_Z), Normaliser(LOG_Z + 5e-10, 0.0, None, None)
    assert _forward(theirs, whole, Estimate(LOG_Z, 0.0)).value == pytest.approx(0, abs=1e-15)


def test_shape_and_unseen_are_the_whole():
    found = measured(0, 0.0)
    plain = LOG_Z - found.elbo.value
    assert found.shape.value + found.unseen.value == pytest.approx(plain, abs=1e-12)


@pytest.mark.parametrize("evidence_se", [0.1, 1.0])
def test_a_bad_evidence_is_replaced_by_a_bridge_to_q(evidence_se):
    assert measured(3, evidence_se).kl.se < 0.02


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


# Influences of draws and of a chain, so many times as large as those of the mean log weight: those
# of the divergence are the difference.
shares = pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 3.0])


@shares
def test_errors_of_the_evidence_and_of_the_elbo_cancel_draw_by_draw(share):
    ours = np.random.default_rng(4).exponential(size=1000)
    elbo = Estimate(float(ours.mean()), math.nan)
    whole = Normaliser(3.0, math.nan, None, share * (ours - ours.mean()), tail=0.01)
    # Of a shape with no variance, so that it is the difference of two means.
    found = _reverse(ours, whole, elbo, 0.9, misses=False)
    assert found.value == pytest.approx(3.0 - ours.mean(), rel=1e-12)
    plain = abs(share - 1) * ours.std() / math.sqrt(1000)
    assert found.se == pytest.approx(math.hypot(plain, 0.01), rel=1e-9)
    # Influences of a chain are those of other draws: both errors count.
    chain = share * np.random.default_rng(5).standard_normal((4, 250))
    found = _reverse(ours, Normaliser(3.0, math.nan, chain, None), elbo, 0.9, misses=False)
    expected = math.hypot(chain_error(chain), ours.std() / math.sqrt(1000))
    assert found.se == pytest.approx(expected, rel=1e-9)


@shares
def test_errors_of_the_evidence_and_of_the_eubo_cancel_draw_by_draw(share):
    # Ratios q / p with a Pareto shape of 2, of which no mean is taken.
    theirs = -2 * np.random.default_rng(4).exponential(size=(4, 250))
    eubo, ours = Estimate(float(theirs.mean()), math.nan), np.random.default_rng(5).random(1000)
    on_chain, on_draws = share * (theirs - theirs.mean()), share * (ours - ours.mean())
    whole = Normaliser(3.0, math.nan, on_chain, on_draws, tail=0.01)
    found = _forward(theirs, whole, eubo)
    assert found.value == pytest.approx(theirs.mean() - 3.0, rel=1e-12)
    squares = ((share - 1) * chain_error(theirs)) ** 2 + (share * ours.std()) ** 2 / 1000
    assert found.se == pytest.approx(math.sqrt(squares + 0.01**2), rel=1e-9)
    found = _forward(theirs, Normaliser(3.0, math.nan, None, None, tail=0.01), eubo)
    assert found.se == pytest.approx(math.hypot(chain_error(theirs), 0.01), rel=1e-9)


@shares
def test_errors_of_two_evidences_cancel_draw_by_draw(share):
    ours, chain = np.random.default_rng(4).random(1000), np.random.default_rng(5).random((4, 250))
    ours, chain = ours - ours.mean(), chain - chain.mean()
    seen = Normaliser(0.0, math.nan, None, ours)
    found = _difference_error(Normaliser(0.0, math.nan, chain, share * ours), seen)
    plain = ours.std() / math.sqrt(1000)
    assert found == pytest.approx(math.hypot(chain_error(chain), (share - 1) * plain), rel=1e-9)
    assert _difference_error(Normaliser(0.0, math.nan, None, None), seen) == pytest.approx(plain)


def test_total_variation_of_four_weights():
    # Ratios 1/2, 3/4, 5/4 and 3/2: (1 - r)+ is 1/2, 1/4 and twice 0, and its mean's slope in log Z
    # the mean of those below 1.
    log_weights = math.log(2.0) + np.log([0.5, 0.75, 1.25, 1.5])
    found = _total_variation(log_weights, Normaliser(math.log(2.0), 0.2, None, None))
    assert found.value == pytest.approx(3 / 16, rel=1e-12)
    error = np.std([0.5, 0.25, 0.0, 0.0], ddof=1) / 2
    assert found.se == pytest.approx(math.hypot(error, 0.2 * 1.25 / 4), rel=1e-12)
