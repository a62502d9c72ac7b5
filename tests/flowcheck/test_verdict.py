"""The verdict on a chain: each fault fails its own check, and nothing unknown passes."""

import json
import time

import numpy as np
import pytest
from scipy.stats import norm

from flowcheck.verdict import _above, _below, judge, moment_limit

CHECKS = {"rhat", "ess_bulk", "ess_tail", "ebfmi", "divergent"}
MOMENTS = {"mean": lambda theta: theta[..., 0], "square": lambda theta: theta[..., 0] ** 2}
EXACT = {"mean": 0.0, "square": 1.0}


def good_chains(chains=4, draws=2000, seed=0):
    """Independent draws of N(0, I) in two dimensions, with what a sampler tells of them."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((chains, draws, 2))
    lp = -0.5 * (theta**2).sum(-1)
    energy = -lp + 0.5 * rng.chisquare(2, size=lp.shape)
    return {"theta": theta, "lp": lp, "energy": energy, "diverging": np.zeros(lp.shape, bool)}


def verdict(chains, moments=MOMENTS, exact=EXACT):
    return judge(**chains, moments=moments, exact_moments=exact)


def failed(result):
    return {name for name, check in result["checks"].items() if check["passed"] is False}


def test_good_chain_passes_every_check():
    result = verdict(good_chains())
    assert result["passed"] is True
    assert failed(result) == set()
    named = {f"moment {name}, in standard errors" for name in EXACT}
    assert set(result["checks"]) == CHECKS | named
    assert all({"value", "limit", "passed"} <= set(check) for check in result["checks"].values())
    assert result["cause"] is None
    assert result["cure"] is None
    limits = {name: result["checks"][name]["limit"] for name in CHECKS}
    assert limits == {
        "rhat": 1.01,
        "ess_bulk": 1000,
        "ess_tail": 1000,
        "ebfmi": 0.3,
        "divergent": 1,
    }
    json.dumps(result, allow_nan=False)
    assert result["passed"]


def test_target_without_exact_moments_is_judged_by_the_rest():
    result = verdict(good_chains(), moments={}, exact={})
    assert set(result["checks"]) == CHECKS
    assert result["passed"]


def test_chain_stuck_elsewhere_fails_rhat():
    chains = good_chains()
    chains["theta"][1] = chains["theta"][1] * 0.01 + 3
    result = verdict(chains)
    assert not result["passed"]
    assert "rhat" in failed(result)
    assert result["checks"]["rhat"]["value"] > 1.1


def test_chain_that_never_moved_fails():
    chains = good_chains()
    for name in ("theta", "lp"):
        chains[name][2] = chains[name][2, 0]
    assert "rhat" in failed(verdict(chains))


def test_differing_spread_alone_fails_rhat():
    # The means agree: what differs is seen in theta squared and the log density.
    chains = good_chains()
    chains["theta"][0] *= 2
    assert "rhat" in failed(verdict(chains, moments={}, exact={}))


@pytest.mark.parametrize("coordinate", [0, 1])
def test_constant_coordinate_fails_rhat(coordinate):
    # R-hat of a constant is not a number; the other quantities' good values must not hide it.
    chains = good_chains()
    chains["theta"][..., coordinate] = 1.0
    result = verdict(chains, moments={}, exact={})
    assert "rhat" in failed(result)
    assert result["checks"]["rhat"]["value"] is None


def test_slow_chain_fails_its_effective_sample_size():
    chains = good_chains()
    rng = np.random.default_rng(1)
    walk = np.empty((4, 2000))
    walk[:, 0] = rng.standard_normal(4)
    for t in range(1, 2000):  # autocorrelation 0.95: an effective size of 8000 / 39
        walk[:, t] = 0.95 * walk[:, t - 1] + np.sqrt(1 - 0.95**2) * rng.standard_normal(4)
    chains["theta"][..., 1] = walk
    result = verdict(chains)
    assert {"ess_bulk", "ess_tail"} <= failed(result)
    assert 100 < result["checks"]["ess_bulk"]["value"] < 500


def test_slow_square_alone_fails_its_effective_sample_size():
    # Signs that are fresh each time on a magnitude that hardly moves: theta itself mixes well.
    chains = good_chains()
    rng = np.random.default_rng(1)
    walk = np.zeros((4, 2000))
    for t in range(1, 2000):
        walk[:, t] = 0.95 * walk[:, t - 1] + 0.1 * rng.standard_normal(4)
    chains["theta"][..., 1] = rng.choice([-1.0, 1.0], size=walk.shape) * np.exp(walk)
    assert "ess_bulk" in failed(verdict(chains, moments={}, exact={}))


def test_too_few_draws_fail_both_effective_sample_sizes():
    assert failed(verdict(good_chains(draws=100))) >= {"ess_bulk", "ess_tail"}


def test_energy_that_moves_slowly_fails_ebfmi():
    chains = good_chains()
    # The momentum's refresh moves the energy far less than it varies.
    chains["energy"] = np.cumsum(np.random.default_rng(1).standard_normal((4, 2000)), axis=1)
    assert failed(verdict(chains)) == {"ebfmi"}


def test_one_slow_energy_among_four_chains_fails_ebfmi():
    chains = good_chains()
    chains["energy"][3] = np.cumsum(np.random.default_rng(1).standard_normal(2000))
    assert failed(verdict(chains)) == {"ebfmi"}


def test_one_divergent_transition_fails():
    chains = good_chains()
    chains["diverging"][3, 17] = True
    result = verdict(chains)
    assert failed(result) == {"divergent"}
    assert result["checks"]["divergent"]["value"] == 1


@pytest.mark.parametrize("name", EXACT)
def test_moment_off_by_six_standard_errors_fails_alone(name):
    chains = good_chains()
    values = MOMENTS[name](chains["theta"])
    exact = EXACT | {name: values.mean() + 6 * values.std() / np.sqrt(values.size)}
    result = verdict(chains, exact=exact)
    check = f"moment {name}, in standard errors"
    assert failed(result) == {check}
    # Independent draws: the Monte Carlo error is the plain one, known to several per cent.
    assert result["checks"][check]["value"] == pytest.approx(6, rel=0.15)


@pytest.mark.parametrize("place", ["theta", "lp", "energy"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_not_a_number_never_passes(place):
    for index in np.ndindex(4, 2):
        chains = good_chains(draws=1000)
        at = (index[0], 500) + ((index[1],) if place == "theta" else ())
        chains[place][at] = np.nan
        result = verdict(chains)
        assert not result["passed"]
        json.dumps(result, allow_nan=False)


@pytest.mark.filterwarnings("ignore")
def test_one_chain_alone_never_passes_unseen():
    # Split R-hat can judge one chain; whatever the outcome, it must be a number or a failure.
    result = verdict(good_chains(chains=1, draws=8000))
    for check in result["checks"].values():
        assert check["value"] is not None or not check["passed"]


def test_worst_quantity_is_named():
    chains = good_chains()
    chains["theta"][1, :, 1] += 3
    for expectations, name in (
        (None, "theta[1]"),
        ({"alpha": {}, "tau": {}}, "tau (unconstrained)"),
    ):
        scalars = np.exp(chains["theta"])
        result = judge(
            **chains, moments={}, exact_moments={}, constrained=scalars, expectations=expectations
        )
        assert result["checks"]["rhat"]["worst"] == name


def test_draws_without_energies_are_judged_by_the_rest():
    chains = good_chains() | {"energy": None, "diverging": None}
    result = verdict(chains)
    assert result["passed"]
    for name in ("ebfmi", "divergent"):
        check = result["checks"][name]
        assert (check["value"], check["passed"]) == (None, None)
        assert "not applicable" in check["note"]
    chains["theta"][1] += 3
    assert not verdict(chains)["passed"]


def scalars(chains):
    return np.stack([np.exp(chains["theta"][..., 0]), chains["theta"][..., 1]], -1)


# Of a log-normal and a normal scalar.
EXPECTED = {
    "sigma": {"mean": np.exp(0.5), "sd": np.sqrt(np.e * (np.e - 1))},
    "beta": {"mean": 0.0, "sd": 1.0},
}


def test_exact_means_and_sds_of_constrained_scalars_are_one_check_each():
    chains = good_chains()
    result = judge(
        **chains, moments={}, exact_moments={}, constrained=scalars(chains), expectations=EXPECTED
    )
    kinds = {"exact means, in standard errors", "exact standard deviations, in standard errors"}
    assert set(result["checks"]) == CHECKS | {"ess_moments"} | kinds
    assert result["passed"]


@pytest.mark.parametrize(("key", "kind"), [("mean", "means"), ("sd", "standard deviations")])
def test_exact_expectation_that_is_off_fails_alone_and_is_named(key, kind):
    chains = good_chains()
    exact = {name: dict(values) for name, values in EXPECTED.items()}
    # A mean's error is 1 / sqrt(8000), a variance's sqrt(2 / 8000): 8 of either, or more.
    exact["beta"][key] += 0.1
    if key == "mean":
        del exact["beta"]["sd"]
    result = judge(
        **chains, moments={}, exact_moments={}, constrained=scalars(chains), expectations=exact
    )
    assert failed(result) == {f"exact {kind}, in standard errors"}
    assert result["checks"][f"exact {kind}, in standard errors"]["worst"] == "beta"


def test_scalar_with_few_effective_draws_behind_its_mean_fails():
    # Ranks of draws and squares are fine; the scalar's mean hangs on one chain's rare excursions.
    chains = good_chains()
    tau = np.exp(chains["theta"][..., :1])
    tau[0, :100] += 500
    result = judge(
        **chains, moments={}, exact_moments={}, constrained=tau, expectations={"tau": {}}
    )
    assert failed(result) == {"ess_moments"}
    assert result["checks"]["ess_moments"]["worst"] == "tau"


def test_limit_grows_with_the_number_of_comparisons_and_luck_does_not():
    assert moment_limit(1) == moment_limit(32) == pytest.approx(4.0)
    assert 4.0 < moment_limit(64) < moment_limit(200) < 4.5
    chance = lambda m: m * 2 * norm.sf(moment_limit(m))  # noqa: E731
    assert chance(200) == pytest.approx(chance(32))
    assert chance(32) < 1 / 400


def test_the_limit_counts_every_comparison():
    # 18 scalars with mean and sd, one with a mean alone, one with nothing; and 2 moments.
    chains = good_chains(draws=100)
    exact = {f"a{i}": {"mean": 0.0, "sd": 1.0} for i in range(18)} | {"b": {"mean": 0.0}, "c": {}}
    result = judge(
        **chains,
        moments=MOMENTS,
        exact_moments=EXACT,
        constrained=np.random.default_rng(1).standard_normal((4, 100, 20)),
        expectations=exact,
    )
    found = {check["limit"] for name, check in result["checks"].items() if "errors" in name}
    assert found == {moment_limit(18 * 2 + 1 + 2)}
    assert moment_limit(39) > 4


@pytest.mark.parametrize(
    ("check", "value", "passed"),
    [
        (_above, 1000.0, True),  # as many as are asked for
        (_above, 999.9, False),
        (_below, 999.9, True),
        (_below, 1000.0, False),  # the limit itself is too much
    ],
)
def test_a_limit_is_enough_from_above_and_too_much_from_below(check, value, passed):
    found = check(value, "tau", 1000)
    assert found == {"value": value, "limit": 1000, "passed": passed, "worst": "tau"}


def test_a_hundred_dimensions_take_seconds():
    # 201 quantities of 64,000 draws: some 10 CPU seconds, by one quantity's time.
    rng = np.random.default_rng(0)
    theta, lp = rng.standard_normal((64, 1000, 1)), rng.standard_normal((64, 1000))
    began = time.process_time()
    assert judge(theta, lp, lp, lp > 9, moments={}, exact_moments={})["passed"]
    assert (time.process_time() - began) * 201 / 3 < 60
