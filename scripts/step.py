"""What every step does first: importing this module starts it.

It sends the process's output to the step's log, tracebacks and children included (Snakemake fills
no log itself), and holds numerical libraries to one thread: a table must not depend on how many
cores a run was given, and jobs run side by side. Import it before anything else.
"""

import os
import sys
from pathlib import Path

import __main__

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


def progress(iterable, label: str):
    """The iterable with a progress bar in the log, a line every few seconds."""
    from tqdm import tqdm

    return tqdm(iterable, desc=label, mininterval=5, ncols=90, file=sys.stderr)


_redirect_output(snakemake.log[0])
for _variable in _THREAD_VARIABLES:
    os.environ[_variable] = "1"

__all__ = ["progress", "snakemake"]
