"""What every step does first: importing this module starts it.

It sends the process's output to the step's log, tracebacks and children included (Snakemake fills
no log itself), and holds numerical libraries to one thread: a table must not depend on how many
cores a run was given, and jobs run side by side. It keeps the memory that the process frees,
removes what a killed run of the same step left half written, and ends the step if its Snakemake
dies. Import it before anything else.
"""

import os
import sys
import threading
import time
from pathlib import Path

import __main__

# Snakemake appends this folder to the path: a user's own package of the same name would win.
sys.path.insert(0, str(Path(__file__).resolve().parent))
from flowcheck.memory import keep_freed_memory

# Snakemake puts this object, the job's inputs, outputs and params, among the script's globals.
snakemake = __main__.snakemake

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def _redirect_output(log: str) -> None:
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _remove_half_written(outputs) -> None:
    """The temporary files of `flowcheck.files.write_whole`, which only a killed process leaves."""
    for path in map(Path, outputs):
        for half in path.parent.glob(f".[0-9]*.{path.name}"):
            half.unlink(missing_ok=True)


def _end_with(parent: int) -> None:
    """End this process when its parent, a Snakemake that was killed outright, is gone.

    Left running it would compete with the next run, and overwrite what that has made.
    """
    while os.getppid() == parent:
        time.sleep(1)
    os.write(2, b"Snakemake is gone: this step ends too\n")
    os._exit(1)


def progress(iterable, label: str):
    """The iterable with a progress bar in the log, a line every few seconds."""
    from tqdm import tqdm

    return tqdm(iterable, desc=label, mininterval=5, ncols=90, file=sys.stderr)


_redirect_output(snakemake.log[0])
_remove_half_written(snakemake.output)
threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
keep_freed_memory()
for _variable in _THREAD_VARIABLES:
    os.environ[_variable] = "1"

__all__ = ["progress", "snakemake"]
