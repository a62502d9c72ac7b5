"""Racing: rows with every column, and a contender that fails is left out."""

import pandas as pd

from bench import flows, hmc, nuts, scaling, study, table, trajectory, vae
from bench.contender import Contender
from bench.measure import Measured, Plan, measure


def contender(**changes) -> Contender:
    given = {
        "task": "flow",
        "flow": "planar",
        "contender": "plain loop",
        "variant": "eager",
        "module": "bench.plain_loop",
        "arguments": {"flow": "planar"},
        "floor": 10.0,
    }
    return Contender(**(given | changes))


def test_a_race_of_two_of_which_one_fails():
    lines = []
    wrong = contender(contender="nobody", arguments={"flow": "no such flow"})
    found = measure([wrong, contender()], Plan(repetitions=2, seconds=0.02), lines.append)
    assert [one.contender.contender for one in found] == ["plain loop"]
    assert len(found[0].rates) == 2
    assert any(line.startswith("left out, flow planar: nobody") for line in lines)


def test_a_row_has_the_median_and_the_extremes():
    found = Measured(contender(worth=8, replicates=8), key=0, chunk=1, first_seconds=3.0, count=10)
    found.seconds, found.rates = [1.0, 2.0, 4.0], [80.0, 40.0, 20.0]
    found.factors, found.reports = [0.5, 0.5, 0.5], [{"nats": -1.0}, {"nats": -2.0}, {"nats": -3.0}]
    row = table.row(found)
    assert (row["rate"], row["rate_min"], row["rate_max"]) == (40.0, 20.0, 80.0)
    assert row["floor"] == 5.0  # scaled as the rates are
    assert row["compile_seconds"] == 3.0 - 0.2  # less the steady time of the first chunk
    assert row["note"] == "nats -2"
    assert set(row) == set(table.COLUMNS)


def test_those_left_out_have_a_reason_and_no_rate():
    rows = table.bench_table([table.left_out_row(one) for one in flows.left_out()])
    assert list(rows.columns) == list(table.COLUMNS)
    assert rows["rate"].isna().all()
    assert rows["note"].str.startswith("left out: ").all()


def test_every_flow_is_raced_or_left_out_by_every_library():
    raced = {(one.contender, one.flow) for one in flows.contenders(quick=False)}
    out = {(one.contender, one.flow) for one in flows.left_out()}
    assert not raced & out
    for library in flows.PEERS:
        assert {flow for name, flow in raced | out if name == library} == set(
            ("planar", "nice", "realnvp")
        )


def test_no_two_contenders_share_a_row():
    for part in (flows, hmc, trajectory, nuts, vae, study):
        rows = [
            (one.flow, one.contender, one.variant, one.replicates, one.threads)
            for one in part.contenders(quick=False)
        ]
        assert len(set(rows)) == len(rows)


def test_scaling_rows_are_seconds():
    one = scaling.contenders(quick=True)[0]
    found = Measured(one, key=0, chunk=1, first_seconds=1.0, count=10)
    found.rates = [4.0, 2.0]
    row = table.scaling_row(found)
    assert (row["seconds_min"], row["seconds_max"]) == (0.25, 0.5)
    assert set(row) == set(table.SCALING_COLUMNS)
    assert isinstance(table.scaling_table([row]), pd.DataFrame)
