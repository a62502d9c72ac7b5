"""Runs of the workflow in copies of the repository, so that no test touches the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Python runs this first in every step: at its end the step's project modules are written down,
# beside those that its rule declared.
SPY = """
import atexit, json, os, sys

def record():
    snakemake = getattr(sys.modules["__main__"], "snakemake", None)
    code = getattr(getattr(snakemake, "input", None), "code", None)
    if code is None:
        return
    root = os.path.realpath(".")
    modules = list(sys.modules.values())
    files = {os.path.realpath(getattr(module, "__file__", None) or "") for module in modules}
    inside = [os.path.relpath(file, root) for file in files if file.startswith(root + os.sep)]
    loaded = sorted(file for file in inside if file.startswith("scripts" + os.sep))
    entry = {"rule": snakemake.rule, "wildcards": dict(snakemake.wildcards.items()),
             "loaded": loaded, "declared": [str(path) for path in code]}
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
        command = [sys.executable, "-m", "snakemake", "--configfile", "config/tiny.yaml"]
        cores = () if "--cores" in arguments else ("--cores", "1")
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
        done = subprocess.run(
            [*command, *cores, *arguments],
            cwd=self.folder,
            env=clean | {"XDG_CACHE_HOME": str(self.folder / ".cache")} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def planned(self, *arguments: str) -> list[str]:
        """The jobs a dry run lists, each as "rule" or "rule wildcard-values", sorted."""
        ran = self.snakemake("--dry-run", *arguments)
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


def tracked_files() -> list[str]:
    """The repository's own files, edits included; all that is no build product without git."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        return [path for path in listing.stdout.splitlines() if (ROOT / path).is_file()]
    built = {".git", ".venv", ".snakemake", ".pytest_cache", ".ruff_cache", "__pycache__"}
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [
        str(path) for path in paths if not built & set(path.parts) and path.parts[0] != "results"
    ]


def fresh_checkout(folder: Path) -> Checkout:
    """A copy of the repository without anything made."""
    for path in tracked_files():
        if not path.startswith("tests/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    return Checkout(folder)


class Study(NamedTuple):
    """The tiny study, made: where, what Snakemake said, and each step's imports as JSON lines."""

    checkout: Checkout
    ran: Ran
    imports: Path


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Study:
    """The tiny study, made once, on two cores. To be read, never changed."""
    checkout = fresh_checkout(tmp_path_factory.mktemp("study"))
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
    return fresh_checkout(tmp_path / "bare")
