"""Cause and cure: each way of failing is told from the others."""

import numpy as np
import pytest

from flowcheck import diagnosis
from flowcheck.verdict import judge

NAMES = {"mu": {}, "tau": {}}


def good(chains=16, draws=500, seed=0):
    """Independent draws in two dimensions: [theta, lp, energy, diverging]."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((chains, draws, 2))
    lp = -0.5 * (theta**2).sum(-1)
    energy = -lp + 0.5 * rng.chisquare(2, size=lp.shape)
    return theta, lp, energy, np.zeros(lp.shape, bool)


def advice(theta, lp, energy, diverging, **known):
    known = {"moments": {}, "exact_moments": {}} | known
    result = judge(theta, lp, energy, diverging, constrained=theta, expectations=NAMES, **known)
    assert not result["passed"]
    return result["cause"], result["cure"]


def modes(apart, upper=6):
    theta, *rest = good()
    theta[:, :, 1] += np.where(np.arange(16) < upper, apart, -apart)[:, None]
    return theta, *rest


def test_chains_that_never_change_sign():
    cause, cure = advice(*modes(4.0))
    assert (
        "no chain ever changes sign in tau (unconstrained): 10 stay below zero and 6 above" in cause
    )
    assert "more draws cannot help" in cure


def test_groups_that_stay_apart_elsewhere():
    theta, *rest = modes(4.0, upper=1)
    cause, cure = advice(theta + 20, *rest)
    assert "15 of 16 chains stay below 20" in cause
    assert "in tau (unconstrained) and 1 above" in cause
    assert "more draws cannot help" in cure


@pytest.mark.parametrize(("moving", "times"), [(1, "once"), (4, "4 times")])
def test_parts_that_are_rarely_left_are_still_separate(moving, times):
    # Some chains move to the other side halfway, and stay there.
    theta, *rest = modes(8.0)
    theta[:moving, 300:, 1] *= -1
    cause, _ = advice(theta, *rest)
    assert "hardly ever move" in cause
    assert f"in tau (unconstrained) {times} in 8000 draws" in cause


def test_two_chains_apart_are_separate_parts():
    theta, *rest = good(chains=2)
    theta[..., 1] += np.array([[4.0], [-4.0]])
    cause, _ = advice(theta, *rest)
    assert "1 stay below zero and 1 above" in cause


@pytest.mark.parametrize(("upper", "cause"), [(2, "separate parts"), (1, "funnel")])
def test_one_chain_apart_may_be_stuck_and_two_are_not(upper, cause):
    theta, lp, energy, diverging = modes(4.0, upper=upper)
    diverging |= theta[..., 0] > 2.3
    assert cause in advice(theta, lp, energy, diverging)[0]


def test_slow_walk_is_not_called_separate():
    # Autocorrelation 0.99: chains of 500 draws overlap, and differ by far too much.
    theta, *rest = good()
    noise = np.random.default_rng(1).standard_normal((16, 500))
    theta[:, 0, 1] = noise[:, 0]
    for t in range(1, 500):
        theta[:, t, 1] = 0.99 * theta[:, t - 1, 1] + np.sqrt(1 - 0.99**2) * noise[:, t]
    cause, cure = advice(theta, *rest)
    assert "the chains are too short" in cause
    assert "at least" in cure or "about" in cure


@pytest.mark.parametrize(("end", "sign"), [("low", -1), ("high", 1)])
def test_divergences_at_one_end_are_a_funnel(end, sign):
    theta, lp, energy, diverging = good()
    diverging |= sign * theta[..., 1] > 2.3
    cause, cure = advice(theta, lp, energy, diverging)
    assert f"gather at the {end} end of tau (unconstrained)" in cause
    assert "non-centred" in cure


def test_slow_energy_is_a_funnel_along_what_it_follows():
    theta, lp, _, diverging = good()
    walk = np.cumsum(0.05 * np.random.default_rng(1).standard_normal(lp.shape), axis=1)
    walk -= walk.mean(1, keepdims=True)
    theta[..., 1] = walk
    cause, cure = advice(theta, lp, -5 * walk, diverging)
    assert "it follows tau (unconstrained) most" in cause
    assert "non-centred" in cure


def test_chain_stuck_in_a_funnels_neck_is_not_called_a_mode():
    theta, lp, energy, diverging = good()
    theta[3] = [0.0, -6.0]
    diverging[3, ::3] = True
    cause, _ = advice(theta, lp, energy, diverging)
    assert "funnel" in cause


def test_divergences_anywhere_ask_for_smaller_steps():
    theta, lp, energy, diverging = good()
    diverging[:, 7] = True
    cause, cure = advice(theta, lp, energy, diverging)
    assert "16 of 8000 trajectories diverged" in cause
    assert "target_acceptance" in cure


def test_short_run_is_told_how_many_draws_it_needs():
    # 16 chains of 30 independent draws: effective draws are half of what is asked.
    cause, cure = advice(*good(draws=30))
    assert "the chains are too short" in cause
    assert "about" in cure or "at least" in cure
    count = int(next(word for word in cure.replace(",", "").split() if word.isdigit()))
    assert 60 <= count <= 200


@pytest.mark.parametrize(
    ("ess", "rhat", "said"),
    [
        (100, 1.001, "about 480 draws"),  # a quarter of the effective draws, and a fifth more
        (400, 1.03, "about 360 draws"),  # three times the distance from 1
        (100, 1.03, "about 480 draws"),
        (100, None, "at least 480 draws"),
        (100, 1.5, "at least 6,000 draws"),
    ],
)
def test_the_larger_deficit_says_how_many_draws(ess, rhat, said):
    checks = {
        "ess_bulk": {"value": ess, "limit": 400},
        "ess_tail": {"value": 400, "limit": 400},
        "rhat": {"value": rhat, "limit": 1.01},
    }
    assert said in diagnosis._too_short(100, checks, {"rhat"}).cure


def test_draws_that_mix_and_disagree_with_the_truth():
    exact = {"moments": {"mu": lambda theta: theta[..., 0]}, "exact_moments": {"mu": 1.0}}
    cause, _ = advice(*good(), **exact)
    assert "all of them miss a part" in cause


def test_chains_apart_are_no_cause_where_they_passed_r_hat_and_effective_draws():
    checks = {"moments": {"passed": False}, "rhat": {"passed": True}, "ess_bulk": {"passed": True}}
    theta, lp, _, _ = modes(4.0)
    cause, _ = diagnosis.diagnose(theta, lp, None, None, checks, ["mu", "tau"])
    assert "all of them miss a part" in cause


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_coordinate_that_never_changes_is_named():
    theta, *rest = good()
    theta[..., 1] = 3.0
    assert "tau (unconstrained) never changes" in advice(theta, *rest)[0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_draws_that_are_not_finite():
    theta, *rest = good()
    theta[2, 5, 0] = np.nan
    assert "not finite" in advice(theta, *rest)[0]


def test_unknown_energies_and_divergences_need_no_rule():
    theta, lp, _, _ = modes(4.0)
    assert "changes sign" in advice(theta, lp, None, None)[0]
    theta, lp, _, _ = good(draws=30)
    assert "too short" in advice(theta, lp, None, None)[0]


@pytest.mark.parametrize(("count", "rounded"), [(7.0, 7), (61.2, 62), (120.0, 120), (1234.0, 1300)])
def test_advice_has_two_digits(count, rounded):
    assert diagnosis._rounded_up(count) == rounded


@pytest.mark.parametrize(
    ("values", "edge", "ratio", "crossings", "above"),
    [
        # Three of six steps cross; of independent draws, three quarters above, 2 3/4 1/4 would.
        ([[0, 1, 0, 1], [1, 1, 1, 1]], 0.5, 3 / (6 * 3 / 8), 3, [False, True]),
        ([[0, 0, 0, 1], [1, 1, 1, 0]], 0.5, 2 / (6 / 2), 2, [False, True]),
        ([[0, 0, 1]], 0.5, 1 / (2 * 4 / 9), 1, [False]),
        ([[0, 0, 0, 0], [1, 1, 1, 1]], 0.0, 0.0, 0, [False, True]),
        ([[0, 0, 0, 0], [1, 1, 1, 1]], 1.0, np.inf, 0, [False, False]),
    ],
)
def test_crossings_are_counted_beside_those_of_independent_draws(
    values, edge, ratio, crossings, above
):
    found = diagnosis._crossed(np.array(values, dtype=float), edge)
    assert found.ratio == pytest.approx(ratio, rel=1e-15)
    assert found[1:3] == (crossings, edge)
    assert found.above.tolist() == above


def test_ranks_are_of_all_draws_of_each_quantity():
    values = np.array([[[3.0, 10.0], [1.0, 30.0], [2.0, 20.0]], [[6.0, 5.0], [6.0, 5.0], [5.0, 0]]])
    ranks = [[[3, 4], [1, 6], [2, 5]], [[5.5, 2.5], [5.5, 2.5], [4, 1]]]  # equal ones share theirs
    np.testing.assert_allclose(diagnosis._ranks(values), (np.array(ranks) - 0.5) / 6, rtol=1e-15)


def test_the_energy_follows_what_its_ranks_go_with():
    # About their mean, in eighths: the energy's ranks are -3, -1, 1, 3. Products with those of a
    # add up to 9 - 1 - 1 + 9, with those of b to 3 + 3 + 3 + 3; c is -b.
    a, b = [1.0, 3.0, 2.0, 4.0], [2.0, 1.0, 4.0, 3.0]
    theta = np.array([a, b, np.negative(b)]).T[None]
    energy = np.array([[10.0, 20.0, 30.0, 40.0]])
    found = diagnosis._funnel(diagnosis.Run(theta, energy, None, {"ebfmi"}, ["a", "b", "c"]))
    assert "it follows a most" in found.cause
