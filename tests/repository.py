"""For tests that run the workflow: copies of this repository, and Snakemake in them."""

import os
import shutil
import subprocess
import sys
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


# Snakemake's own account of each job, which any --quiet brings back (workflow/lib/screen.py).
FULL_ACCOUNT = ("--quiet", "host")


def snakemake(folder: Path, *options: str, limit: float, **variables: str):
    """Run Snakemake in `folder` for at most `limit` seconds; the result holds rc and output."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *options],
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=limit,
    )
