"""The theory's tables of the tiny study: the contract's columns, and what each must show."""

import numpy as np
import pandas as pd
import pytest

from flowcheck.course.claims import CLAIMS


@pytest.fixture(scope="module")
def theory(study):
    """A reader of one table of the theory."""
    return lambda name: pd.read_csv(study.checkout.results / "theory" / f"{name}.csv")


def test_kl_contraction_never_rises_and_ends_at_its_floor_or_rate(theory):
    table = theory("kl_contraction")
    assert list(table) == ["kernel", "step", "kl"]
    for kernel, ours in table.groupby("kernel"):
        assert (np.diff(ours["kl"]) <= 0).all(), kernel
        assert list(ours["step"]) == list(range(len(ours)))
    last = table.groupby("kernel")["kl"].last()
    first = table.groupby("kernel")["kl"].first()
    assert (last[["identity", "reflection"]] == first[["identity", "reflection"]]).all()
    # 1e-26 is where KL is lost in rounding; the lazy walk is slow, and only half way in miniature.
    assert (last[["constant", "independence", "long range", "random walk"]] < 1e-26).all()
    assert last["lazy random walk"] < 1e-10


def test_bounds_rise_to_the_evidence_within_error(theory):
    table = theory("multisample_bounds")
    assert list(table) == ["target", "flow", "k", "value", "se", "log_evidence"]
    for flow, ours in table.groupby("flow"):
        assert (np.diff(ours["value"]) > 0).all(), flow
        last = ours.iloc[-1]
        assert last["value"] < last["log_evidence"] + 4 * last["se"], flow


def test_exact_gaps_fall_and_agree_with_the_estimates(theory):
    table = theory("multisample_gaps")
    assert list(table) == [
        "target", "flow", "replicate", "k", "gap", "gap_se", "estimate", "estimate_se", "predicted",
        "pareto_k",
    ]  # fmt: skip
    assert set(table["target"]) == {"banana", "gaussian"}
    assert table["gap"].notna().all()
    for key, ours in table.groupby(["target", "flow", "replicate"]):
        assert (np.diff(ours["gap"]) < 0).all(), key
        assert (ours["gap_se"] < 1e-3 * ours["gap"]).all(), key
    # Where the weights have a variance to state errors by.
    light = table[table["pareto_k"] < 0.5]
    assert (abs(light["estimate"] - light["gap"]) < 5 * light["estimate_se"]).all()
    # Known in closed form for one Gaussian, infinite for the other.
    tails = table[table["target"] == "gaussian"].set_index(["flow", "k"])["predicted"]
    assert tails["close", 1] == pytest.approx((0.8 / 0.6**0.5 - 1) / 2, rel=1e-6)
    assert tails["narrow"].isna().all()


def test_gradients_are_drawn_against_kl_by_quadrature(theory):
    table = theory("gradient_variance")
    assert (table["kl_se"] < 1e-4 * table["kl"]).all()
    assert (abs(table["kl_mc"] - table["kl"]) < 5 * table["kl_mc_se"]).all()


def test_autoencoders_bounds_rise_to_log_px_within_error(theory):
    table = theory("vae_bounds")
    assert list(table) == ["images", "vae", "split", "k", "value", "se", "log_px"]
    for key, ours in table.groupby(["vae", "split"]):
        assert (np.diff(ours["value"]) > 0).all(), key
        last = ours.iloc[-1]
        assert last["value"] < last["log_px"] + 4 * last["se"], key


def test_gradient_variances_are_of_both_estimators_at_each_iteration(theory):
    table = theory("gradient_variance")
    assert (
        table.groupby("iteration")["estimator"].apply(sorted).map(tuple) == ("path", "total")
    ).all()
    assert (table["variance"] > 0).all()


def test_published_errors_have_their_claims_numbers_and_errors(theory):
    table = theory("published_errors")
    assert list(table) == ["claim", "measured", "size", "se"]
    keys = [claim.key for claim in CLAIMS]
    assert list(table["claim"].unique()) == keys
    known = table.dropna(subset=["size"]).set_index("claim")
    # Slips in print have no number; the tiny study trains no flow by the course's recipe.
    unmeasured = {claim.key for claim in CLAIMS if claim.kind == "slip"}
    assert set(keys) - set(known.index) == unmeasured | {"printed_shift", "one_seed"}
    assert known.notna().all(axis=None)
    assert (known["se"] >= 0).all()


def test_published_errors_have_their_exact_values(theory):
    size = theory("published_errors").set_index(["claim", "measured"])["size"]
    start, shift = size["kept_start"]
    assert start == pytest.approx(-14.471, abs=1e-3)
    assert shift == pytest.approx(-4.066e-5, rel=1e-4)
    by_log = [name for name in size["denormal"].index if "by log densities" in name]
    assert len(by_log) == 1
    assert size["denormal", by_log[0]] == 0
    after, less, before = size["stronger"]
    assert after < less < before  # the published solution's own inequality, and the one asked for


def test_the_constant_jacobian_bound_has_its_known_minimum(theory):
    table = theory("constant_jacobian")
    assert list(table) == ["target", "jacobian", "kl"]
    least = table.loc[table["kl"].idxmin()]
    assert least["kl"] == pytest.approx(0.02106, abs=2e-5)
    assert least["jacobian"] == pytest.approx(0.149, abs=1e-3)
    assert table["kl"].iloc[-1] == pytest.approx(7.75, abs=5e-3)  # J = 1
