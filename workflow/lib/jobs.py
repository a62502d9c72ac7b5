"""What every job gets from the Snakemake that starts it, through its environment.

A job is a process of its own: `scripts/step.py` reads there whose it is. These are set where the
workflow is loaded, so on a cluster's nodes too.
"""

import os
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def prepare() -> None:
    """Set the variables that every job of this process inherits."""
    # Snakemake puts a script's folder last on its path. Ours comes first: a `step` or a `flowcheck`
    # that is installed, or on the user's PYTHONPATH, would run in this checkout's place.
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(SCRIPTS), *(path for path in others if path not in ("", str(SCRIPTS)))]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    # Names and messages are text of any language, whatever the locale.
    os.environ["PYTHONUTF8"] = "1"
    # A step ends when this process is gone. Its own parent may be a shell that outlives us.
    os.environ["FLOWCHECK_SNAKEMAKE_PID"] = str(os.getpid())
