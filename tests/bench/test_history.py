"""Published runs: kept by day and machine, read in order."""

import pandas as pd

from bench import history, table

AMD = {"date": "2026-11-24", "cpu": "AMD EPYC 7B13", "cores": 2}


def races(rate) -> pd.DataFrame:
    return table.bench_table([{"task": "flow", "flow": "nice", "contender": "zuko", "rate": rate}])


def test_runs_are_read_as_they_were_kept_oldest_first(tmp_path):
    history.keep(tmp_path, races(2.0), AMD | {"date": "2026-12-01"})
    history.keep(tmp_path, races(1.0), AMD)
    first, second = history.read(tmp_path)
    assert (first.date, first.cpu, first.cores) == ("2026-11-24", "AMD EPYC 7B13", 2)
    assert list(first.races["rate"]) == [1.0]
    assert list(second.races["rate"]) == [2.0]
    assert tuple(first.races.columns) == table.COLUMNS


def test_a_second_run_of_a_day_replaces_the_first_on_its_machine_alone(tmp_path):
    history.keep(tmp_path, races(1.0), AMD)
    history.keep(tmp_path, races(2.0), AMD | {"cpu": "Intel(R) Xeon(R)"})
    history.keep(tmp_path, races(3.0), AMD)
    assert [list(run.races["rate"]) for run in history.read(tmp_path)] == [[3.0], [2.0]]


def test_none_before_the_first(tmp_path):
    assert history.read(tmp_path) == []


def test_how_many_runs_of_how_many_days():
    run = lambda date: history.Run(date, "AMD", 2, races(1.0))  # noqa: E731
    assert history.described([run("2026-11-24")]) == "one run on 2026-11-24, on AMD, 2 cores"
    same = history.described([run("2026-11-24"), run("2026-11-24")])
    assert same == "2 runs on one day, 2026-11-24, on AMD, 2 cores"
    apart = history.described([run("2026-11-24"), run("2026-11-28")])
    assert apart == "2 runs on 2 days, 2026-11-24, 2026-11-28, on AMD, 2 cores"
