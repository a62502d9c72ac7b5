"""The default study's flow training, whole: Snakemake, each job's start, a cold compilation."""

import tempfile
from pathlib import Path

from bench import problem
from bench.process import CACHE
from tests.repository import copy_to, snakemake

TARGET = "banana"
LIMIT = 3600  # seconds, after which something is wrong


def steps() -> int:
    """Replicate-iterations of the default study: every flow, on its one target."""
    recipe = problem.config()["recipes"]["default"]
    return len(problem.FLOWS) * recipe["replicates"] * recipe["iterations"]


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
        copy = copy_to(folder / "copy")
        output = problem.config()["output"]
        models = [f"{output}/{TARGET}/flows/{flow}/model.safetensors" for flow in problem.FLOWS]
        # Compiled headers are kept in the temporary folder, wherever compiled code is.
        (empty := folder / "empty").mkdir()
        places = {CACHE: str(folder / "compiled"), "TMPDIR": str(empty)}
        done = snakemake(copy, *models, limit=LIMIT, **places)
        if done.returncode != 0:
            raise RuntimeError(f"the study did not run: {done.stdout[-2000:]}")


def build() -> Study:
    """See contender.Runner."""
    return Study()
