"""The documents say what docs/bench.csv says, and the sentences say who wins."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import machine, our_study, publish, render, slopes, table
from flowcheck import files

ROOT = Path(__file__).resolve().parents[2]
SECONDS = ("seconds", "seconds_min", "seconds_max")
published = pytest.mark.skipif(
    not (ROOT / "docs" / "bench.csv").exists(), reason="no whole bench has been published yet"
)


def races(*rows) -> pd.DataFrame:
    common = {
        "task": "flow", "flow": "nice", "variant": "eager", "replicates": 1, "threads": 1,
        "unit": "iterations/s", "repetitions": 3, "floor": 1e4, "compile_seconds": 0.0, "note": "",
    }  # fmt: skip
    names = ("contender", "rate", "rate_min", "rate_max")
    return table.bench_table([common | dict(zip(names, row, strict=True)) for row in rows])


@published
def test_readmes_table_is_the_benchs():
    readme = (ROOT / "README.md").read_text()
    assert render.fill(readme, pd.read_csv(ROOT / "docs" / "bench.csv")) == readme


@published
def test_the_document_is_the_benchs():
    docs = ROOT / "docs"
    expected = render.document(
        pd.read_csv(docs / "bench.csv"),
        pd.read_csv(docs / "bench_scaling.csv"),
        files.read_json(docs / "bench_machine.json"),
    )
    assert (docs / "bench.md").read_text() == expected


@published
def test_the_published_tables_have_their_columns():
    docs = ROOT / "docs"
    assert tuple(pd.read_csv(docs / "bench.csv").columns) == table.COLUMNS
    assert tuple(pd.read_csv(docs / "bench_scaling.csv").columns) == table.SCALING_COLUMNS


def test_without_a_published_bench_the_readme_names_no_number():
    if not (ROOT / "docs" / "bench.csv").exists():
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
    assert "| flowcheck, 1 replicate | - | 200 | - |" in once
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "draws, eager: slope 1.00 at 1" in (tmp_path / "docs" / "bench.md").read_text()
    publish.refresh(tmp_path)
    assert (tmp_path / "README.md").read_text() == once


def test_a_readme_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="no place for the bench"):
        render.fill("# flowcheck\n", races(("flowcheck", 1, 1, 1)))


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ((200, 190, 210), (100, 90, 110), "beats zuko (eager) with 100, 2.0 times"),
        ((100, 90, 110), (300, 290, 310), "flowcheck loses: zuko (eager) with 300 is 3.0 times"),
        ((100, 90, 110), (105, 95, 120), "no winner"),
    ],
)
def test_who_wins(ours, theirs, said):
    (sentence,) = render.verdicts(races(("flowcheck", *ours), ("zuko", *theirs)))
    assert said in sentence


def test_two_threads_have_their_own_row_and_win_no_race_of_one():
    table_of_races = races(("flowcheck", 100, 90, 110), ("flowcheck", 900, 890, 910))
    table_of_races.loc[1, "threads"] = 2
    readme = render.readme_table(table_of_races)
    assert "| flowcheck, 1 replicate | - | 100 | - |" in readme
    assert "| flowcheck, 1 replicate, 2 threads | - | 900 | - |" in readme
    rival = races(("zuko", 300, 290, 310))
    (sentence,) = render.verdicts(pd.concat([table_of_races, rival]))
    assert "flowcheck loses: zuko (eager) with 300 is 3.0 times" in sentence


def test_the_studys_time_is_its_steps_by_their_rate():
    steps = our_study.steps()
    rates = {"flowcheck": steps / 80.0, "plain loop": steps / 1000.0}
    table_of_races = races(*((name, rate, rate, rate) for name, rate in rates.items()))
    table_of_races["task"] = "study"
    table_of_races.loc[table_of_races["contender"] == "flowcheck", "threads"] = 2
    said = render.readme_table(table_of_races)
    assert "in 80 s on two cores" in said
    assert "would take 1,000 s, 12.5 times as long" in said


def test_a_scan_is_a_race_of_its_own():
    rivals = races(("flowjax", 300, 290, 310), ("flowjax", 900, 890, 910))
    rivals.loc[1, "variant"] = "scan"
    ours = races(("flowcheck", 600, 590, 610))
    own, scan = render.verdicts(pd.concat([ours, rivals]))
    assert "their own loops: flowcheck (eager) with 600 iterations/s beats flowjax" in own
    assert "a compiled scan: flowcheck loses: flowjax (scan) with 900" in scan


def test_the_gain_is_that_of_two_cores_by_each_gradient():
    table_of_races = races(
        ("plain loop", 100, 90, 110),
        ("flowcheck", 2500, 2490, 2510),
        ("flowcheck", 1500, 1490, 1510),
        ("flowcheck", 9000, 8990, 9010),
    )
    table_of_races["variant"] = ["eager", "compiled, total", "compiled, path", "compiled, total"]
    table_of_races["threads"] = [1, 2, 2, 1]
    table_of_races["replicates"] = [1, 8, 32, 8]
    (_, said) = render.gain_lines(table_of_races)
    assert "NICE 25.0 times by the total gradient (8 replicates) and 15.0 by the path" in said
    assert "planar" not in said
    assert render.gain_lines(table_of_races[:2]) == []


def test_a_line_is_recovered():
    size = np.array([1.0, 10.0, 100.0, 1000.0])
    found = slopes.fit(size, 0.02 + 0.001 * size)
    assert found.overhead == pytest.approx(0.02)
    assert found.price == pytest.approx(0.001)
    assert found.knee == pytest.approx(20)
    assert found.first_slope < 0.2 < 0.8 < found.last_slope


@pytest.mark.parametrize(
    ("overhead", "price", "said"),
    [(1.0, 1e-9, "outweighs"), (1e-9, 1.0, "all along"), (1.0, 0.1, "rules up to about 10")],
)
def test_what_a_slope_means(overhead, price, said):
    line = slopes.Fit(overhead, price, 0.1, 0.9)
    assert said in slopes.sentence("draws", "eager", line, 2, 1000)
