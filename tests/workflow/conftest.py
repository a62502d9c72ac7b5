"""Runs of the workflow in copies of the repository, so that no test touches the checkout."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.repository import FULL_ACCOUNT, copy_to, snakemake

# Python runs this first in every step: at its end the step's project modules are written down,
# beside the digest that its rule declared.
SPY = """
import atexit, json, os, sys

def record():
    snakemake = getattr(sys.modules["__main__"], "snakemake", None)
    code = getattr(getattr(snakemake, "params", None), "code", None)
    if code is None:
        return
    root = os.path.realpath(".")
    modules = list(sys.modules.values())
    files = {os.path.realpath(getattr(module, "__file__", None) or "") for module in modules}
    inside = [os.path.relpath(file, root) for file in files if file.startswith(root + os.sep)]
    loaded = sorted(file for file in inside if file.startswith("scripts" + os.sep))
    entry = {"rule": snakemake.rule, "wildcards": dict(snakemake.wildcards.items()),
             "step": "scripts/" + os.path.basename(sys.argv[0]).split(".", 1)[1],
             "loaded": loaded, "digest": code}
    with open(os.environ["IMPORT_RECORD"], "a") as out:
        out.write(json.dumps(entry) + "\\n")

atexit.register(record)
"""


class Ran(NamedTuple):
    """A finished command: its exit status and everything it said."""

    status: int
    output: str


class Checkout:
    """A copy of the repository in which Snakemake runs on the tiny config."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results" / "tiny"

    def snakemake(self, *arguments: str, **environment: str) -> Ran:
        """Run Snakemake on config/tiny.yaml, on one core unless told otherwise."""
        cores = () if "--cores" in arguments else ("--cores", "1")
        options = ("--configfile", "config/tiny.yaml", *cores, *arguments)
        done = snakemake(self.folder, *options, limit=600, **environment)
        return Ran(done.returncode, done.stdout)

    def planned(self, *arguments: str) -> list[str]:
        """The jobs a dry run lists, each as "rule" or "rule wildcard-values", sorted."""
        ran = self.snakemake(*FULL_ACCOUNT, "--dry-run", *arguments)
        assert ran.status == 0, ran.output
        jobs = []
        for block in re.split(r"\n(?=(?:local)?rule )", ran.output)[1:]:
            name = re.match(r"(?:local)?rule (\w+):", block).group(1)
            found = re.search(r"\n    wildcards: (.*)", block)
            values = re.findall(r"\w+=(\w+)", found.group(1)) if found else []
            jobs.append(" ".join([name, *values]))
        return sorted(jobs)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in one file; the text must be there."""
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))


class Study(NamedTuple):
    """The tiny study, made: where, what Snakemake said, and each step's imports as JSON lines."""

    checkout: Checkout
    ran: Ran
    imports: Path


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    """The tiny study, made once, on two cores. To be read, never changed."""
    checkout = Checkout(copy_to(tmp_path_factory.mktemp("study") / "copy"))
    spy = tmp_path_factory.mktemp("spy")
    (spy / "sitecustomize.py").write_text(SPY)
    record = spy / "imports.jsonl"
    ran = checkout.snakemake("--cores", "2", PYTHONPATH=str(spy), IMPORT_RECORD=str(record))
    assert ran.status == 0, ran.output
    return Study(checkout, ran, record)


@pytest.fixture
def made(study, tmp_path) -> Checkout:
    """A copy of the made study, for a test to change."""
    shutil.copytree(study.checkout.folder, tmp_path / "copy", copy_function=shutil.copy2)
    return Checkout(tmp_path / "copy")


@pytest.fixture
def bare(tmp_path) -> Checkout:
    """A copy of the repository with nothing made."""
    return Checkout(copy_to(tmp_path / "bare"))
