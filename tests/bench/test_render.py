"""The documents say what the published runs say, where flowcheck loses first."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import history, machine, our_study, publish, render, slopes, table
from bench.history import Run
from flowcheck import files

ROOT = Path(__file__).resolve().parents[2]
SECONDS = ("seconds", "seconds_min", "seconds_max")
published = pytest.mark.skipif(
    not history.read(ROOT / "docs"), reason="no whole bench has been published yet"
)


def races(*rows) -> pd.DataFrame:
    common = {
        "task": "flow", "flow": "nice", "variant": "eager", "replicates": 1, "threads": 1,
        "unit": "iterations/s", "repetitions": 3, "floor": 1e4, "compile_seconds": 0.0, "note": "",
    }  # fmt: skip
    names = ("contender", "rate", "rate_min", "rate_max")
    return table.bench_table([common | dict(zip(names, row, strict=True)) for row in rows])


def runs(*tables) -> list[Run]:
    """A run a day."""
    return [Run(f"2026-01-0{day}", "AMD", 2, one) for day, one in enumerate(tables, 1)]


@published
def test_readmes_block_is_the_runs():
    readme = (ROOT / "README.md").read_text()
    assert render.fill(readme, history.read(ROOT / "docs")) == readme


@published
def test_the_document_is_the_runs():
    docs = ROOT / "docs"
    expected = render.document(
        history.read(docs),
        pd.read_csv(docs / "bench_scaling.csv"),
        files.read_json(docs / "bench_machine.json"),
    )
    assert (docs / "bench.md").read_text() == expected


@published
def test_the_published_tables_have_their_columns():
    docs = ROOT / "docs"
    for path in (docs / history.FOLDER).glob("*.csv"):
        assert tuple(pd.read_csv(path).columns) == (*history.WHERE, *table.COLUMNS)
    assert tuple(pd.read_csv(docs / "bench_scaling.csv").columns) == table.SCALING_COLUMNS


def test_without_a_published_run_the_readme_names_no_number():
    if not history.read(ROOT / "docs"):
        readme = (ROOT / "README.md").read_text()
        assert f"{render.BEGIN}\n{render.END}" in readme


def test_what_is_published_is_filled_in_and_filled_in_again(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(f"before\n{render.BEGIN}\nold\n{render.END}\nafter\n")
    results = tmp_path / "results"
    table_of_races = races(("flowcheck", 200, 190, 210), ("zuko", 100, 90, 110))
    files.write_table(results / "bench.csv", table_of_races)
    sizes = {"study": "draws", "mode": "eager", "threads": 1, "unit": "seconds", "floor": 0.1}
    grown = [sizes | dict.fromkeys(SECONDS, 0.1 * size) | {"size": size} for size in (1, 10)]
    files.write_table(results / "scaling.csv", table.scaling_table(grown))
    files.write_json(results / "machine.json", machine.describe())
    (results / "scaling.png").write_bytes(b"")
    publish.publish(results, tmp_path)
    once = (tmp_path / "README.md").read_text()
    assert "| other libraries' own loops, 1 replicate | - | 2.0 | - |" in once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "draws, eager: slope 1.00 at 1" in (tmp_path / "docs" / "bench.md").read_text()
    publish.refresh(tmp_path)
    assert (tmp_path / "README.md").read_text() == once


def test_a_readme_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="no place for the bench"):
        render.fill("# flowcheck\n", runs(races(("flowcheck", 1, 1, 1))))


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ((200, 190, 210), (100, 90, 110), "beats zuko (eager) with 100; it is 2.0 times"),
        ((100, 90, 110), (300, 290, 310), "flowcheck loses: zuko (eager) with 300 is 3.0 times"),
        ((100, 90, 110), (105, 95, 120), "level: "),
    ],
)
def test_who_wins(ours, theirs, said):
    (sentence,) = render.verdicts(runs(races(("flowcheck", *ours), ("zuko", *theirs))))
    assert said in sentence


def test_a_range_over_runs_is_said_and_losses_come_first():
    rival = ("zuko", 100, 99, 101)
    first = races(("flowcheck", 300, 299, 301), rival)
    second = races(("flowcheck", 200, 199, 201), rival)
    lost = races(("flowcheck", 50, 49, 51), rival)
    lost["flow"] = "planar"
    said = render.readme_block(runs(pd.concat([first, lost]), pd.concat([second, lost])))
    assert said.startswith("From 2 runs on 2 days, 2026-01-01, 2026-01-02, on AMD, 2 cores")
    loss = "planar flow, other libraries' own loops: zuko (eager) is 2.0 (2.0 to 2.0) times as fast"
    assert f"{loss} with 1 replicate" in said
    assert "| 0.50 (0.50 to 0.50), loses | 2.5 (2.0 to 3.0) | - |" in said
    assert said.index(loss) < said.index("times as fast as |")


def test_two_threads_win_no_race_of_one():
    ours = races(("flowcheck", 100, 90, 110), ("flowcheck", 900, 890, 910))
    ours.loc[1, "threads"] = 2
    rival = races(("zuko", 300, 290, 310))
    (sentence,) = render.verdicts(runs(pd.concat([ours, rival])))
    assert "flowcheck loses: zuko (eager) with 300 is 3.0 times" in sentence


def test_the_studys_time_is_its_steps_by_their_rate():
    steps = our_study.steps()
    rates = {"flowcheck": steps / 80.0, "plain loop": steps / 1000.0}
    studied = races(*((name, rate, rate, rate) for name, rate in rates.items()))
    studied["task"] = "study"
    studied.loc[studied["contender"] == "flowcheck", "threads"] = 2
    slower = studied.copy()
    slower.loc[slower["contender"] == "flowcheck", "rate"] = steps / 100.0
    assert "in 80.0 s on two cores" in render.readme_block(runs(studied))
    said = render.readme_block(runs(slower, studied))
    assert "in 90.0 (80.0 to 100) s on two cores" in said
    assert "would take 11.2 (10.0 to 12.5) times as long" in said


def test_samplers_have_a_line_for_each_task():
    sampled = races(("flowcheck", 900, 890, 910), ("numpyro", 100, 90, 110))
    sampled["task"], sampled["flow"] = "nuts", "radon"
    other = races(("flowcheck", 110, 95, 115), ("numpyro", 100, 90, 110))
    other["task"], other["flow"] = "nuts", "gaussian_ar"
    said = render.readme_block(runs(pd.concat([sampled, other])))
    assert "NUTS: radon 9.0; a Gaussian in 50 dimensions 1.1, level" in said


def test_numbers_of_chains_at_which_one_rival_is_faster_share_a_line():
    rows = races(("flowcheck", 10, 9, 11), ("blackjax", 50, 49, 51))
    rows["task"], rows["flow"] = "hmc", "banana"
    many = rows.copy()
    many["replicates"] = 100
    said = render.readme_block(runs(pd.concat([rows, many])))
    assert (
        "banana: blackjax (eager) is 5.0 times as fast with 1 chain, "
        "5.0 times as fast with 100 chains" in said
    )


def test_a_line_is_recovered():
    size = np.array([1.0, 10.0, 100.0, 1000.0])
    found = slopes.fit(size, 0.02 + 0.001 * size)
    assert found.overhead == pytest.approx(0.02)
    assert found.price == pytest.approx(0.001)
    assert found.knee == pytest.approx(20)
    assert found.first_slope < 0.2 < 0.8 < found.last_slope


@pytest.mark.parametrize(
    ("overhead", "price", "said"),
    [(1.0, 1e-9, "outweighs"), (1e-9, 1.0, "no overhead"), (1.0, 0.1, "dominates up to about 10")],
)
def test_what_a_slope_means(overhead, price, said):
    line = slopes.Fit(overhead, price, 0.1, 0.9)
    assert said in slopes.sentence("draws", "eager", line, 2, 1000)
