"""Tables of the report: means over replicates, and nothing unknown averaged away."""

import math

import pandas as pd
import pytest

from flowcheck.report.summary import ESTIMATED, MEASURED, by_flow, floor_of, k_word, moments_of


def divergences(**columns):
    """Three replicates of one flow, in which every number is 1, 2, 3 unless given."""
    names = (*MEASURED, *(f"{name}_se" for name in ESTIMATED))
    numbers = {name: [1.0, 2.0, 3.0] for name in names}
    facts = {"flow": "nice", "replicate": [0, 1, 2], "pareto_k": [0.1, 0.6, 0.2]}
    return pd.DataFrame(numbers | facts | {"skipped_steps": [0, 4, 1]} | columns)


def test_a_flow_is_its_replicates_mean_spread_and_worst():
    replicates = [
        {"misses_part_of_p": True, "missing_mass": 0.25},
        {"misses_part_of_p": False, "missing_mass": 0.0},
        {"misses_part_of_p": True, "missing_mass": 0.75},
    ]
    facts = {"nice": {"method": "quadrature", "replicates": replicates}}
    (row,) = by_flow(divergences(), facts)
    assert (row["flow"], row["replicates"], row["skipped_steps"]) == ("nice", 3, 5)
    assert all(row[name] == (2.0, 1.0) for name in MEASURED)
    assert all(row[f"{name}_se"] == 3.0 for name in ESTIMATED)
    assert (row["kl_worst"], row["pareto_k"], row["k_word"]) == (3.0, 0.6, "usable")
    assert (row["by_quadrature"], row["missed"], row["missing_mass"]) == (True, 2, 0.5)


def test_one_unknown_replicate_makes_the_mean_unknown():
    (row,) = by_flow(divergences(kl=[1.0, math.nan, 3.0]), {})
    assert math.isnan(row["kl"][0])
    assert math.isnan(row["kl_worst"])
    assert row["elbo"][0] == 2.0
    assert (row["by_quadrature"], row["missed"], row["missing_mass"]) == (False, 0, 0.0)


def test_one_replicate_has_no_spread_and_flows_come_by_name():
    both = pd.concat([divergences(flow="b")[:1], divergences(flow="a")])
    first, second = by_flow(both, {})
    assert (first["flow"], second["flow"]) == ("a", "b")
    assert second["kl"] == (1.0, None)


@pytest.mark.parametrize(
    ("k", "word"), [(0.49, "good"), (0.5, "usable"), (0.69, "usable"), (0.7, "unreliable")]
)
def test_the_bands_of_k_begin_at_their_limits(k, word):
    assert k_word(k) == word


def test_moments_stand_beside_the_truth_averaged_over_replicates():
    rows = [("truth", 0, "a", 1.0, 2.0, 0.0, 1.0), ("hmc", 0, "a", 1.1, 2.0, 0.05, 1.0)]
    rows += [("nice", r, "a", 1.0, 1.0, error, 0.5) for r, error in enumerate((0.1, 0.3))]
    rows += [(name, 0, "b", 0.0, 1.0, 0.0, 1.0) for name in ("hmc", "nice")]
    columns = ["approximation", "replicate", "parameter", "mean", "sd", "mean_error", "sd_ratio"]
    found = moments_of(pd.DataFrame(rows, columns=columns), ["a", "b"])
    assert found["approximations"] == ["hmc", "nice"]  # HMC first, whatever the alphabet
    first, second = found["rows"]
    assert (first["mean"], first["sd"]) == (1.0, 2.0)
    assert first["errors"] == [(0.05, 1.0), (pytest.approx(0.2), 0.5)]
    assert math.isnan(second["mean"])


def test_the_floor_is_a_mean_with_its_error_per_pair():
    rows = {"pair": ["y", "x", "x", "x"], "n": 50, "k": 3, "kl_knn": [0.5, 0.0, 3.0, 6.0]}
    first, second = floor_of(pd.DataFrame(rows))
    assert (first["pair"], first["repeats"], first["n"], first["k"]) == ("x", 3, 50, 3)
    assert (first["mean"], first["sd"]) == (3.0, 3.0)
    assert first["se"] == pytest.approx(3**0.5)
    assert (second["pair"], second["mean"]) == ("y", 0.5)
