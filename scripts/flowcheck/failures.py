"""Which errors are messages for the user, and the paragraph for each of them.

The library raises an error in words where data, a setting or a verdict cannot be used: what, of
which file or key, and how to fix it. Such a message is shown alone. Anything else is a bug, and
needs its traceback.
"""

import dis
import errno
from pathlib import Path
from types import TracebackType

OURS = Path(__file__).resolve().parents[1]  # scripts/: the library, and the steps beside it
RAISE = dis.opmap["RAISE_VARARGS"]

# Faults of the machine, which no code of ours raises: what they are called, and how to fix them.
_ROOM = "free some disk space, or set `output` to a folder on another disk"
_RIGHTS = "make it writable, or set `output` to a folder of your own"
_DISK = {
    "ENOSPC": _ROOM,
    "EDQUOT": _ROOM,
    "EROFS": _RIGHTS,
    "EACCES": _RIGHTS,
    "EPERM": _RIGHTS,
    "EIO": "the disk or the network behind it is failing: check it, then run the command again",
    "ESTALE": "the network file system lost the file: run the same command again",
}
_MEMORY = (
    "give the job more memory, run fewer jobs at once (--cores), or lower what it holds at once "
    "(`replicates_per_job`, `samples`, `batch`)"
)


def explain(error: BaseException) -> str | None:
    """The paragraph that tells the user what to do about `error`, or None where it is a bug.

    A message is ours if it is raised by name in our own code, as ValueError, RuntimeError, OSError
    or a class of the library's. What escapes from NumPy, PyTorch or a built-in is no message.
    """
    if _out_of_memory(error):
        what = _one_line(error) or "an allocation failed"
        return f"There is not enough memory: {what}; {_MEMORY}"
    if isinstance(error, OSError) and (hint := _DISK.get(errno.errorcode.get(error.errno, ""))):
        return f"{error.strerror}: {error.filename or 'while writing'}; {hint}"
    known = isinstance(error, ValueError | RuntimeError | OSError | ImportError | ArithmeticError)
    ours = type(error).__module__.startswith("flowcheck.")
    if (known or ours) and _raised_by_us(error.__traceback__):
        return _one_line(error)
    return None


def _one_line(error: BaseException) -> str:
    """The message as one paragraph."""
    return " ".join(str(error).split())


def _out_of_memory(error: BaseException) -> bool:
    # By name: torch need not be loaded to tell its error from another.
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"})


def _raised_by_us(trace: TracebackType | None) -> bool:
    """Whether the innermost frame is ours and stands at a `raise`.

    A built-in leaves no frame: `int("x")` ends in our code too, but at a call.
    """
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame, code = trace.tb_frame, trace.tb_frame.f_code
    # Snakemake runs a copy of a step, from a folder of its own.
    step = frame.f_globals.get("__name__") == "__main__"
    inside = step or Path(code.co_filename).resolve().is_relative_to(OURS)
    return inside and code.co_code[trace.tb_lasti] == RAISE
