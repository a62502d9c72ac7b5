"""The finished tiny study against a computation that shares no code with the library."""

import numpy as np
import pandas as pd
import pytest

from tests.workflow import independent_divergence

# Two quadratures of one integral: what they may differ by, as a share of it, beyond the tolerance
# that the table states.
AGREEMENT = 1e-3


@pytest.fixture(scope="module")
def independent(study) -> dict:
    """(target, flow, replicate) -> KL(q|p), KL(p|q), mass of p, mass of q."""
    return independent_divergence.of_study(study.checkout.results)


def test_the_grid_holds_both_densities(independent):
    for name, (_, _, p, q) in independent.items():
        # Beyond this, what the grid lacks could matter at the agreement asked for.
        assert p == pytest.approx(1, abs=1e-5), name
        assert q == pytest.approx(1, abs=1e-8), name


@pytest.mark.parametrize(("column", "place"), [("kl", 0), ("kl_forward", 1)])
def test_divergences_of_every_replicate(study, independent, column, place):
    table = pd.read_csv(study.checkout.results / "banana/divergence.csv")
    assert len(table) == len(independent)
    for row in table.to_dict("records"):
        exact = independent[row["target"], row["flow"], row["replicate"]][place]
        error = abs(row[column] - exact)
        assert error <= AGREEMENT * exact + row[f"{column}_se"], row


def test_gap_of_one_sample_of_every_replicate(study, independent):
    table = pd.read_csv(study.checkout.results / "theory/multisample_gaps.csv")
    table = table[(table["k"] == 1) & (table["target"] != "gaussian")]
    assert len(table) == len(independent)
    for row in table.to_dict("records"):
        exact = independent[row["target"], row["flow"], row["replicate"]][0]
        assert abs(row["gap"] - exact) <= AGREEMENT * exact + row["gap_se"], row


def test_the_sum_over_z_is_right_where_the_answer_is_known():
    # q = N(0, diag(0.5, 2)^2) by NICE's rescaling alone, against p = N(0, I).
    scale = np.array([[0.5, 2.0]])
    networks = {
        f"{name}0.{part}0": np.zeros((1, 1, 1)) for name in ("right", "left")
        for part in ("weight", "bias")
    }  # fmt: skip
    kl, forward, *masses = independent_divergence.divergences(
        "nice",
        {"scale": scale} | networks,
        {"hidden": [], "activation": "silu"},
        lambda theta: -0.5 * (theta**2).sum(1) - np.log(2 * np.pi),
    )
    assert kl == pytest.approx(0.5 * (0.25 + 4 - 2), rel=1e-9)
    assert forward == pytest.approx(0.5 * (4 + 0.25 - 2), rel=1e-9)
    assert masses == pytest.approx([1, 1], abs=1e-9)
