"""Rows of the errors page and answers to the questions, from small tables worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from flowcheck.course import claims, measured, questions
from flowcheck.course.denormal import Run
from flowcheck.course.rows import Row, mean_row


def test_every_claim_has_its_own_key_and_a_source():
    keys = [claim.key for claim in claims.CLAIMS]
    assert len(set(keys)) == len(keys)
    for claim in claims.CLAIMS:
        assert claim.kind in ("error", "slip", "credit"), claim.key
        assert all((claim.place, claim.says, claim.holds, claim.source)), claim.key
        assert claim.says.endswith("."), claim.key
        assert claim.holds.endswith("."), claim.key


def test_a_mean_has_its_standard_error_and_a_single_value_none():
    assert mean_row("x", [1.0, 3.0]) == Row("x", 2.0, 1.0)
    assert math.isnan(mean_row("x", [1.0]).se)
    with pytest.raises(ValueError, match="no values for: x"):
        mean_row("x", [])


DIVERGENCE = pd.DataFrame(
    {
        "flow": ["a", "a", "b", "b"],
        "replicate": [0, 1, 0, 1],
        "kl": [0.02, 0.04, 0.5, math.nan],  # the last not resolved by quadrature
        "kl_mc": [9.0, 9.0, 9.0, 0.7],
        "kl_knn": [0.01, 0.02, 0.5, 0.6],
    }
)


def test_seeds_by_their_extremes():
    sizes = [row.size for row in measured.by_seed(DIVERGENCE, ["a", "b"])]
    assert sizes == [0.02, 0.04, 0.5, 0.7]


def test_printed_beside_right():
    printed, right = measured.printed_shift(DIVERGENCE, ["b"], ["a"])
    assert (printed.size, printed.se) == (pytest.approx(0.6), pytest.approx(0.1))
    assert (right.size, right.se) == (pytest.approx(0.03), pytest.approx(0.01))


def test_the_estimators_scatter_as_a_share_of_the_reported_figure():
    values = [-0.01, 0.01, -0.01, 0.01]
    floor = pd.DataFrame({"pair": ["exact-exact"] * 4 + ["exact-hmc"], "kl_knn": [*values, 9.0]})
    sd, share, exact, low = measured.neighbours(floor, DIVERGENCE, ["a"])
    assert sd.size == pytest.approx(0.02 / math.sqrt(3))
    assert sd.se == pytest.approx(sd.size / math.sqrt(6))
    assert share.size == pytest.approx(sd.size / 0.0192)
    assert share.se / share.size == pytest.approx(sd.se / sd.size)
    assert exact.size == pytest.approx(0.03)
    assert (low.size, low.se) == (pytest.approx(-0.015), pytest.approx(0.005))


def test_lost_flows_are_counted_and_their_curves_described():
    curve = torch.full((10, 4), -5.0)
    curve[:, 1] = -105.0
    run = Run(curve, torch.tensor([0.0, 3.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 2.0, 0.0]))
    stable = Run(curve, torch.zeros(4), torch.zeros(4))
    share, dead, hurt, by_log, repeated, below = measured.denormal(run, stable, evidence=-5.0)
    assert (share.size, share.se) == (0.25, pytest.approx(math.sqrt(0.25 * 0.75 / 4)))
    assert (dead.size, hurt.size, by_log.size) == (1, 2, 0)
    assert repeated.size == pytest.approx(0.8)  # iterations 3 to 10
    assert below.size == pytest.approx(100.0)


def test_no_flow_lost_leaves_no_curve_to_describe():
    run = Run(torch.zeros(10, 4), torch.zeros(4), torch.zeros(4))
    assert [row.size for row in measured.denormal(run, run, 0.0)] == [0, 0, 0, 0]


def test_grey_pixels_are_those_strictly_between():
    assert measured.grey_pixels("x", np.array([0.0, 0.5, 1.0, 0.1])).size == 0.5


def test_both_bounds_are_of_the_same_images():
    rows = [(1, "test", "elbo", -9.0, 1.0, 7), (2, "test", "elbo", -5.0, 0.3, 7)]
    rows += [(2, "test", "log_px", -3.0, 0.0, 7), (2, "train", "log_px", -1.0, 0.0, 7)]
    columns = ["epoch", "split", "bound", "value", "se", "images"]
    table = pd.DataFrame(rows, columns=columns)
    log_px, elbo = measured.by_training_images("x", "grey", table)
    assert (log_px.size, log_px.se) == (-3.0, 0.0)
    assert (elbo.size, elbo.se) == (-5.0, 0.3)
    assert "of 7 binary test images: x; trained on grey levels" in elbo.measured


def test_a_one_sample_bound_falls_short_of_many_at_the_last_epoch():
    rows = [(1, "test", "elbo", -9.0, 1.0), (2, "train", "elbo", -1.0, 0.1)]
    rows += [(2, "test", "elbo", -5.0, 0.3), (2, "test", "L_50", -3.0, 0.4)]
    table = pd.DataFrame(rows, columns=["epoch", "split", "bound", "value", "se"])
    row = measured.one_sample_bound("x", table)
    assert (row.size, row.se) == (2.0, pytest.approx(0.5))
    assert row.measured.startswith("L_50 ")


def test_distances_to_real_images():
    real = np.zeros((2, 2, 2), np.float32)
    pictures = {"real": real, "generated": real + 1, "reconstructed": real}
    generated, reconstructed = measured.reconstructions("x", pictures)
    assert (generated.size, generated.se, reconstructed.size) == (4.0, 0.0, 0.0)


CONTRACTION = pd.DataFrame(
    {
        "kernel": ["constant"] * 2 + ["random walk"] * 3 + ["identity"] * 2,
        "step": [0, 1, 0, 1, 2, 0, 1],
        "kl": [6.0, 0.0, 6.0, 3.0, 3.5, 6.0, 6.0],
    }
)


def test_equality_and_what_kernels_do():
    before, after = measured.equality(CONTRACTION)
    assert (before.size, after.size) == (6.0, 0.0)
    found = questions.of_kernels(CONTRACTION, {"kernels": {"random walk": {"rate": 0.9}}})
    assert found == {
        "kernels": 3, "first": 6.0, "last": 3.5, "steps": 2, "rises": 1, "rate": 0.9
    }  # fmt: skip


def test_the_loosest_flow_shows_the_bounds():
    rows = [("t", f, k, v, 0.1, -1.0) for f, k, v in
            [("a", 1, -2.0), ("a", 10, -1.5), ("b", 1, -3.0), ("b", 10, -1.2)]]  # fmt: skip
    rows.append(("other", "a", 1, -9.0, 0.1, -1.0))
    columns = ["target", "flow", "k", "value", "se", "log_evidence"]
    found = questions.of_bounds(pd.DataFrame(rows, columns=columns), "t")
    assert (found["flow"], found["k"], found["first"], found["last"]) == (
        "b", 10, (-3.0, 0.1), (-1.2, 0.1)
    )  # fmt: skip


def test_flows_and_chains_in_independent_draws():
    short = {"draws": 500, "effective": {"theta1": 100.0, "theta2": 900.0}}
    found = questions.of_draws(DIVERGENCE, short, long_ess=2500.0, long_draws=10_000)
    a, b = found["flows"]
    assert a["worth"] == pytest.approx(1 / 0.06)
    assert a["off"] == pytest.approx(math.sqrt(0.06))
    assert b["off"] is None  # 0.6 nats are too many for a first order
    assert b["worth"] is None
    assert (found["short_off"], found["long"]["off"]) == (0.1, 0.02)


def test_an_unknown_divergence_is_not_averaged_away():
    table = DIVERGENCE.assign(kl=[0.02, math.nan, 0.05, 0.05], kl_mc=math.nan)
    short = {"draws": 500, "effective": {"theta1": 100.0}}
    a, b = questions.of_draws(table, short, 100.0, 1000)["flows"]
    assert math.isnan(a["kl"][0])
    assert a["worth"] is None
    assert b["worth"] == pytest.approx(10.0)


def test_the_first_order_bound_on_a_bias_holds():
    # q = N(m, 1) against p = N(0, 1): KL = m^2 / 2, and the mean is off by m, the bound itself.
    m = 0.05
    table = pd.DataFrame({"flow": ["a"], "kl": [m**2 / 2], "kl_mc": [9.0]})
    short = {"draws": 1, "effective": {"theta1": 1.0}}
    (row,) = questions.of_draws(table, short, 1.0, 1)["flows"]
    assert row["off"] == pytest.approx(m)
    assert row["kl"] == (pytest.approx(m**2 / 2), None)
