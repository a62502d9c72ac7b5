"""The default study's flow training, whole: Snakemake, each job's start, a cold compilation."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import ROOT, problem
from bench.process import CACHE

PARTS = (
    "Snakefile",
    "config",
    "workflow",
    "scripts",
    "profiles",
    "docs",
    "environment.yml",
    "requirements.lock",
)
TARGET = "banana"


def steps() -> int:
    """Replicate-iterations of the default study: every flow, on its one target."""
    training = problem.config()["training"]
    return len(problem.FLOWS) * training["replicates"] * training["iterations"]


class Study:
    """A run is the training of all flows, as a user's Snakemake does it, from nothing."""

    chunk = 0  # nothing to build or to warm up: a cold start is what is measured

    def run(self, count: int) -> None:
        """`count` times, each in a new copy with an empty cache of compiled code."""
        for _ in range(count):
            with tempfile.TemporaryDirectory() as folder:
                self._once(Path(folder))

    @staticmethod
    def _once(folder: Path) -> None:
        for name in PARTS:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        output = problem.config()["output"]
        models = [f"{output}/{TARGET}/flows/{flow}/model.safetensors" for flow in problem.FLOWS]
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *models],
            cwd=folder,
            env=os.environ | {CACHE: str(folder / "compiled")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"the study did not run: {done.stdout[-2000:]}")


def build() -> Study:
    """See contender.Runner."""
    return Study()
