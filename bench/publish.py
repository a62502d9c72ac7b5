"""Copies the bench's tables into docs/, and renders from the copies what the documents say."""

import shutil
from pathlib import Path

import pandas as pd

from bench import history, render
from flowcheck import files

COPIES = {
    "scaling.csv": "bench_scaling.csv",
    "machine.json": "bench_machine.json",
    "scaling.png": "bench_scaling.png",
}


def publish(results: Path, root: Path) -> None:
    """From results/bench to docs/ and README.md of the repository at `root`."""
    for name, copy in COPIES.items():
        shutil.copyfile(results / name, root / "docs" / copy)
    machine = files.read_json(results / "machine.json")
    history.keep(root / "docs", pd.read_csv(results / "bench.csv"), machine)
    refresh(root)


def refresh(root: Path) -> None:
    """Render docs/bench.md and README's table from the copies in docs/."""
    docs, readme = root / "docs", root / "README.md"
    runs = history.read(docs)
    grown = pd.read_csv(docs / "bench_scaling.csv")
    machine = files.read_json(docs / "bench_machine.json")
    (docs / "bench.md").write_text(render.document(runs, grown, machine))
    readme.write_text(render.fill(readme.read_text(), runs))
