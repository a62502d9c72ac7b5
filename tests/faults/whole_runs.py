"""Files damaged between two runs of Snakemake: what the screen says, and that it can be mended."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from tests.faults import changes, intermediate
from tests.faults.case import ACCEPTED, TRACEBACK, Case, Outcome, refused_saying
from tests.repository import copy_to, snakemake

KIND = "intermediate files: whole runs"
LIMIT = 900  # seconds that one may take on a busy machine
CONFIG = """\
output: results/faults
targets: {banana: {}, wide: {family: banana, sigma_y: 3.0}}
flows: {planar: {layers: 1}, nice: null, realnvp: null}
vaes: {vae: null}
"""
GOALS = [f"results/faults/{target}/exact.json" for target in ("banana", "wide")]


@cache
def made() -> Path:
    """A copy of the project in which two targets are made as far as what they know exactly."""
    folder = Path(tempfile.mkdtemp(prefix="flowcheck-run-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy_to(folder)
    (folder / "faults.yaml").write_text(CONFIG)
    ran = _run(folder)
    assert ran.returncode == 0, ran.stdout
    return folder


def _run(folder: Path):
    options = ("--configfile", "faults.yaml", "--cores", "1", "--", *GOALS)
    return snakemake(folder, *options, limit=LIMIT)


def whole_run(place: str, damage: Callable[[Path], object]) -> Outcome:
    """What Snakemake says of a damaged file; without the file the same command goes on."""
    path = made() / "results/faults" / place
    before = path.read_bytes()
    damage(path)
    # Only a step that has to run reads it.
    path.with_name("exact.json").unlink(missing_ok=True)
    ran = _run(made())
    path.unlink()
    again = _run(made())
    assert again.returncode == 0, again.stdout
    assert path.read_bytes() == before, "it was not made again as it was"
    if ran.returncode == 0:
        return Outcome(ACCEPTED, ran.stdout)
    if "Traceback" in ran.stdout:
        return Outcome(TRACEBACK, ran.stdout)
    return refused_saying(ran.stdout, f"results/faults/{place}", intermediate.REMEDY)


WHOLE_RUNS = {
    "cut to a half": partial(intermediate.cut, share=0.5),
    "another target's": lambda path: shutil.copy(path.parents[1] / "wide/data.npz", path),
    "NaN": partial(changes.repacked, change=changes.ARRAYS["banana/data.npz"]["NaN"]),
}
CASES = [
    Case(what, KIND, partial(whole_run, "banana/data.npz", damage), LIMIT)
    for what, damage in WHOLE_RUNS.items()
]
