"""Runs the parts one after another and writes what they found."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from bench import (
    figures,
    flows,
    hmc,
    machine,
    nuts,
    scaling,
    study,
    table,
    trajectory,
    vae,
    whole,
)
from bench.measure import Plan, measure
from bench.process import CACHE
from flowcheck import files

PLANS = {
    "flows": Plan(repetitions=5, seconds=0.5),
    "hmc": Plan(repetitions=5, seconds=1.0),
    "trajectory": Plan(repetitions=5, seconds=1.0),
    "nuts": Plan(repetitions=5, seconds=0.0),
    "vae": Plan(repetitions=3, seconds=1.0),
    "study": Plan(repetitions=3, seconds=1.0),
    "scaling": Plan(repetitions=3, seconds=0.3),
}
QUICK = Plan(repetitions=2, seconds=0.05)
RACES = {
    "flows": flows,
    "hmc": hmc,
    "trajectory": trajectory,
    "nuts": nuts,
    "vae": vae,
    "study": study,
}
WHOLE = ("nuts",)  # each repetition in a process of its own


def run(parts: Iterable[str], quick: bool, output: Path, log: Callable[[str], None]) -> None:
    """Measure the parts and write their tables and figures, and machine.json, below `output`.

    A part left out keeps the rows that an earlier run wrote.
    """
    # A cache of its own, empty at first: the first compile's time is a cold one's, in every run.
    with tempfile.TemporaryDirectory() as cache:
        os.environ[CACHE] = cache
        for part in parts:
            log(f"== {part}")
            plan = QUICK if quick else PLANS[part]
            if part == "scaling":
                found = measure(scaling.contenders(quick), plan, log)
                rows = table.scaling_table([table.scaling_row(one) for one in found])
                files.write_table(output / "scaling.csv", rows)
            else:
                race = whole.measure if part in WHOLE else measure
                rows = _race(RACES[part], race, plan, quick, log)
                files.write_table(output / f"{part}.csv", table.bench_table(rows))
    _gather(output)
    files.write_json(output / "machine.json", machine.describe())


def _race(part, race: Callable, plan: Plan, quick: bool, log: Callable) -> list[dict]:
    rows = [table.row(one) for one in race(part.contenders(quick), plan, log)]
    return rows + [table.left_out_row(one) for one in part.left_out()]


def _gather(output: Path) -> None:
    """One table of all the races, and the figures."""
    parts = [output / f"{part}.csv" for part in RACES]
    tables = [pd.read_csv(path) for path in parts if path.exists()]
    if tables:
        races = pd.concat(tables, ignore_index=True)
        files.write_table(output / "bench.csv", races)
        files.write_figure([output / "bench.png", output / "bench.svg"], figures.plot_rates(races))
    if (path := output / "scaling.csv").exists():
        grown = pd.read_csv(path)
        paths = [output / "scaling.png", output / "scaling.svg"]
        files.write_figure(paths, figures.plot_scaling(grown))
