"""Copies the bench's tables into docs/, and renders from the copies what the documents say."""

import shutil
from pathlib import Path

import pandas as pd

from bench import render
from flowcheck import files

COPIES = {
    "bench.csv": "bench.csv",
    "scaling.csv": "bench_scaling.csv",
    "machine.json": "bench_machine.json",
    "scaling.png": "bench_scaling.png",
}


def publish(results: Path, root: Path) -> None:
    """From results/bench to docs/ and README.md of the repository at `root`."""
    for name, copy in COPIES.items():
        shutil.copyfile(results / name, root / "docs" / copy)
    refresh(root)


def refresh(root: Path) -> None:
    """Render docs/bench.md and README's table from the copies in docs/."""
    docs, readme = root / "docs", root / "README.md"
    races = pd.read_csv(docs / "bench.csv")
    grown = pd.read_csv(docs / "bench_scaling.csv")
    machine = files.read_json(docs / "bench_machine.json")
    (docs / "bench.md").write_text(render.document(races, grown, machine))
    readme.write_text(render.fill(readme.read_text(), races))
