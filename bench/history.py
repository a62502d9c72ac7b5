"""The runs of the bench that are published: a table of races each, with its date and machine."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench import table
from flowcheck import files

FOLDER = "bench-runs"
WHERE = ("date", "cpu", "cores")  # the columns before the races' own


@dataclass(frozen=True)
class Run:
    """One run: when (YYYY-MM-DD), on what, and its races."""

    date: str
    cpu: str
    cores: int
    races: pd.DataFrame


def keep(docs: Path, races: pd.DataFrame, machine: dict) -> Path:
    """Write a run's file below `docs`; a second run of a day on one kind of machine replaces it."""
    name = re.sub(r"[^a-z0-9]+", "-", machine["cpu"].lower()).strip("-")
    path = docs / FOLDER / f"{machine['date']}-{name}.csv"
    where = pd.DataFrame({column: [machine[column]] * len(races) for column in WHERE})
    files.write_table(path, pd.concat([where, races.reset_index(drop=True)], axis=1))
    return path


def read(docs: Path) -> list[Run]:
    """All runs below `docs`, the oldest first."""
    runs = []
    for path in sorted((docs / FOLDER).glob("*.csv")):
        rows = pd.read_csv(path)
        date, cpu, cores = rows.loc[0, list(WHERE)]
        runs.append(Run(date, cpu, int(cores), rows[list(table.COLUMNS)]))
    return runs


def described(runs: list[Run]) -> str:
    """How many runs, on how many days and on what."""
    days = sorted({run.date for run in runs})
    machines = sorted({f"{run.cpu}, {run.cores} cores" for run in runs})
    on = "; ".join(machines)
    if len(runs) == 1:
        return f"one run on {days[0]}, on {on}"
    when = f"one day, {days[0]}" if len(days) == 1 else f"{len(days)} days, {', '.join(days)}"
    return f"{len(runs)} runs on {when}, on {on}"
