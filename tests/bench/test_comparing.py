"""Who is compared with whom, and what several runs say together."""

import pandas as pd
import pytest

from bench import table
from bench.comparing import LEVEL, LOSES, WINS, comparisons


def rows(*given, **common) -> pd.DataFrame:
    """Rows of (contender, variant, replicates, rate), each with a range of one in a hundred."""
    shared = {"task": "flow", "flow": "nice", "threads": 1, "unit": "iterations/s"} | common
    names = ("contender", "variant", "replicates", "rate")
    found = [shared | dict(zip(names, one, strict=True)) for one in given]
    for one in found:
        one["rate_min"], one["rate_max"] = 0.99 * one["rate"], 1.01 * one["rate"]
    return table.bench_table(found)


def one_of(*runs):
    (found,) = comparisons(list(runs))
    return found


def against(rate, **common):
    return rows(("flowcheck", "eager", 1, rate), ("zuko", "eager", 1, 100.0), **common)


@pytest.mark.parametrize(
    ("rates", "verdict"),
    [
        ((300.0,), WINS),
        ((50.0,), LOSES),
        ((100.5,), LEVEL),
        ((300.0, 200.0), WINS),
        ((50.0, 60.0), LOSES),
        ((300.0, 60.0), LEVEL),  # the runs disagree
        ((300.0, 100.5, 280.0), LEVEL),
    ],
)
def test_a_verdict_is_that_of_all_runs(rates, verdict):
    found = one_of(*(against(rate) for rate in rates))
    assert found.verdict == verdict
    assert found.ratios == tuple(rate / 100 for rate in rates)


def test_the_ratio_is_the_median():
    assert one_of(against(300.0), against(200.0), against(900.0)).ratio == 3.0


def test_an_older_run_without_the_variant_that_is_fastest_now_does_not_count():
    new = rows(
        ("flowcheck", "eager", 1, 50.0),
        ("flowcheck", "compiled", 1, 500.0),
        ("zuko", "eager", 1, 100.0),
    )
    assert one_of(against(50.0), new).ratios == (5.0,)
    assert one_of(new, against(50.0)).ratios == (0.5, 0.5)


def test_a_race_that_only_the_last_run_has_stands_by_itself():
    added = against(300.0, flow="planar")
    found = comparisons([against(200.0), pd.concat([against(400.0), added])])
    assert {one.flow: one.ratios for one in found} == {"nice": (2.0, 4.0), "planar": (3.0,)}


def test_scans_and_loops_are_rivals_apart():
    given = rows(
        ("flowcheck", "compiled", 8, 600.0),
        ("flowjax", "own loop", 1, 300.0),
        ("flowjax", "scan", 1, 900.0),
    )
    assert {one.against: one.verdict for one in comparisons([given])} == {
        "other libraries' own loops": WINS,
        "other libraries in a compiled scan": LOSES,
    }


def test_two_threads_meet_the_plain_loop_by_each_gradient():
    one = rows(("plain loop", "eager, total gradient", 1, 100.0))
    two = rows(
        ("flowcheck", "compiled, total gradient", 8, 2500.0),
        ("flowcheck", "compiled, total gradient", 32, 2000.0),
        ("flowcheck", "compiled, path gradient", 32, 1500.0),
        threads=2,
    )
    found = {found.against: found for found in comparisons([pd.concat([one, two])])}
    total = found["the plain loop, two cores, total gradient"]
    assert (total.ratio, total.us["replicates"]) == (25.0, 8)
    assert found["the plain loop, two cores, path gradient"].ratio == 15.0


def test_chains_meet_as_many_chains():
    given = rows(
        ("flowcheck", "compiled", 1, 10.0),
        ("flowcheck", "compiled", 100, 1000.0),
        ("numpyro", "compiled", 1, 20.0),
        ("numpyro", "compiled", 100, 500.0),
        task="hmc",
    )
    assert {one.count: one.ratio for one in comparisons([given])} == {1: 0.5, 100: 2.0}


def test_compiled_trajectories_meet_eager_ones():
    given = rows(
        ("flowcheck", "eager", 1, 10.0), ("flowcheck", "compiled", 1, 70.0), task="trajectory"
    )
    assert one_of(given).ratio == 7.0


def test_whole_runs_meet_whatever_their_chains():
    given = rows(("flowcheck", "adaptive", 64, 90.0), ("numpyro", "NUTS", 4, 10.0), task="nuts")
    assert one_of(given).ratio == 9.0


def test_rows_left_out_are_nobodys_rivals():
    left_out = table.bench_table([{"task": "flow", "flow": "nice", "contender": "asleep"}])
    assert one_of(pd.concat([against(200.0), left_out])).them["contender"] == "zuko"
