"""For tests that run the workflow: copies of this repository, and Snakemake in them."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a user's shell may set and a test must not see.
HIDDEN = ("SNAKEMAKE_", "SLURM_", "SBATCH_", "SRUN_", "CUDA_VISIBLE_DEVICES", "FLOWCHECK_")


def copy_to(folder: Path) -> Path:
    """Copy to `folder` what git tracks or would if asked; without git, what no run has made."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        made = shutil.ignore_patterns(".git", ".snakemake", ".*venv", "results", "*cache*")
        return shutil.copytree(ROOT, folder, ignore=made)
    for name in set(listing.stdout.decode().split("\0")) - {""}:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with `variables`, less what would lead a test astray."""
    return {k: v for k, v in os.environ.items() if not k.startswith(HIDDEN)} | variables


# Variables that a program reads when it needs them, not when it starts.
READ_LATE = ("SNAKEMAKE_OUTPUT_CACHE", "FLOWCHECK_", "CUDA_VISIBLE_DEVICES")

# Snakemake's own account of each job, which any --quiet brings back (workflow/lib/screen.py).
FULL_ACCOUNT = ("--quiet", "host")

# The warm process of these tests has Snakemake too, whose import is half of planning a small study.
WARM_PROCESS = """
import runpy, sys
import snakemake.cli
sys.path.insert(0, sys.argv.pop(1))
runpy.run_path(f"{sys.path[0]}/warm_process.py", run_name="__main__")
"""
# What runs in a fork of it, in the place of `python -m snakemake`, with a warm process of its own.
FORKED_SNAKEMAKE = """
import json, os, runpy, sys, tempfile
socket = os.path.join(tempfile.mkdtemp(dir=sys.path[0]), "socket")
scripts, *options = json.loads(os.environ.pop("SNAKEMAKE_OPTIONS"))
if os.fork():
    from snakemake.cli import main
    os.environ["FLOWCHECK_WARM_SOCKET"] = socket
    sys.argv, sys.path[0] = ["snakemake", *options], os.getcwd()
    main()
else:
    sys.argv, sys.path[0] = ["warm_process.py", socket, str(os.getppid())], scripts
    runpy.run_path(f"{scripts}/warm_process.py", run_name="__main__")
"""


@functools.cache
def warm_folder() -> Path:
    """Holds the socket of a warm process that ends with this one, and a script for it."""
    folder = Path(tempfile.mkdtemp(prefix="flowcheck-warm-"))
    (folder / "run.py").write_text(FORKED_SNAKEMAKE)
    process = subprocess.Popen(
        [sys.executable, "-c", WARM_PROCESS, ROOT / "scripts", folder / "socket", str(os.getpid())],
        env=environment(),
        stdin=subprocess.DEVNULL,
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    return folder


def snakemake(folder: Path, *options: str, limit: float, **variables: str):
    """Run Snakemake in `folder` for at most `limit` seconds; the result holds rc and output.

    It and its steps are forked from a process that has loaded their packages, unless one of the
    `variables` is read when Python or a package starts.
    """
    command = [sys.executable, "-m", "snakemake", *options]
    if sys.platform == "linux" and all(name.startswith(READ_LATE) for name in variables):
        warm = warm_folder()
        client = [sys.executable, "-IS", ROOT / "scripts/warm_client.py", warm / "socket"]
        command = [*client, sys.executable, warm / "run.py"]
        given = [str(word) for word in (ROOT / "scripts", *options)]
        variables |= {"SNAKEMAKE_OPTIONS": json.dumps(given)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=limit,
    )
