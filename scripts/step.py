"""What every step does first: importing this module starts it.

It sends the process's output to the step's log, child processes included (Snakemake fills no log
itself), and holds numerical libraries to one thread. It keeps compiled code in a private folder and
the memory that the process frees, removes what a killed run of the same step left half written,
ends the step if its Snakemake dies, and turns an error into the paragraph that the screen shows.
Import it before anything else.
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path

import psutil

import __main__

# Snakemake appends this folder to the path: a user's own package of the same name would win.
sys.path.insert(0, str(Path(__file__).resolve().parent))
import one_thread  # noqa: F401
from flowcheck import compile_cache, failures
from flowcheck.memory import keep_freed_memory

# Snakemake puts this object, the job's inputs, outputs and params, among the script's globals.
snakemake = __main__.snakemake

# Seconds between two lines of progress in the log. The screen looks for its last one, and for the
# last error (workflow/lib/wording.py).
_EVERY = 5


def _screen() -> int | None:
    """A copy of the descriptor that leads to the user's screen, if it is open."""
    try:
        return os.dup(1)
    except OSError:
        return None


def tell(text: str) -> None:
    """Say something on the screen, and in the log: for the few steps that are asked a question."""
    print(text, flush=True)
    if _SCREEN is not None:
        with os.fdopen(os.dup(_SCREEN), "w", encoding="utf-8", errors="backslashreplace") as screen:
            screen.write(f"{text}\n")


def _redirect_output(log: str) -> None:
    """Send file descriptors 1 and 2 to the log, and Python's own streams with them."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is where the user's shell has closed it
            stream.flush()
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
        os.set_inheritable(descriptor, True)
    if file > 2:  # where one of the three was closed, the log may have been given its number
        os.close(file)
    # Whatever the locale, and line by line, so that the two come in order.
    text = {"encoding": "utf-8", "errors": "backslashreplace", "buffering": 1, "closefd": False}
    sys.stdout, sys.stderr = os.fdopen(1, "w", **text), os.fdopen(2, "w", **text)


def _remove_half_written(outputs) -> None:
    """The temporary files of `flowcheck.files.write_whole`, which only a killed process leaves."""
    for path in map(Path, outputs):
        for half in path.parent.glob(f".[0-9]*.{path.name}"):
            half.unlink(missing_ok=True)


def _end_with_snakemake() -> None:
    """End this process when the Snakemake that started it, killed outright, is gone.

    Left running it would compete with the next run, and overwrite what that has made. Its parent
    may be a shell, which does not end; and Snakemake may be gone before this process looks.
    """
    process, own = psutil.Process(), os.environ.get("FLOWCHECK_SNAKEMAKE_PID")
    awaited = int(own) if own else os.getppid()
    while awaited in (parent.pid for parent in process.parents()):
        time.sleep(1)
    os.write(2, b"Snakemake is gone: this step ends too\n")
    os._exit(1)


def _report(kind, error, trace) -> None:
    """For sys.excepthook: the traceback, then the paragraph for the user, if there is one."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return
    traceback.print_exception(kind, error, trace)
    if message := failures.explain(error):
        print(f"\nERROR: {message}", file=sys.stderr)


class Progress:
    """Writes to the log how far a long loop is: a line every few seconds.

    Call it with the loop's iterable, which it wraps, or tell it `at` each turn. `note` adds words
    on how it goes, such as the last ELBO.
    """

    def __init__(self, label: str = "", unit: str = "step"):
        self.start, self.unit, self.noted = f"{label}: " if label else "", unit, ""
        self.turns = 0
        self.first = self.began = self.said = None

    def note(self, words: str) -> None:
        """Words that the next line holds too."""
        self.noted = f", {words}"

    def at(self, done: int, total: int) -> None:
        """So many of `total` are done. The first call says where this process takes the loop up."""
        now = time.monotonic()
        if self.turns < 2:
            # Time is counted from the end of the first turn, which may have compiled something.
            self.first, self.began = done, now
            self.said = self.said or now
        elif now - self.said > _EVERY:
            left = (now - self.began) * (total - done) / (done - self.first)
            how_far = f"{self.unit} {done:,} of {total:,}{self.noted}, {_clock(left)} left"
            print(f"progress: {self.start}{how_far}", flush=True)
            self.said = now
        self.turns += 1

    def __call__(self, iterable):
        """Yields the items of a sized iterable; a range's numbers count what they step over."""
        steps = iterable if isinstance(iterable, range) else range(len(iterable))
        for item, start in zip(iterable, steps, strict=True):
            self.at(start, steps.stop)
            yield item


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds: "1:02:03", "2:03"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def progress(iterable, label: str):
    """The iterable, with a line in the log every few seconds that says how far it is."""
    return Progress(label)(iterable)


_SCREEN = _screen()
_redirect_output(snakemake.log[0])
sys.excepthook = _report
_remove_half_written(snakemake.output)
threading.Thread(target=_end_with_snakemake, daemon=True).start()
compile_cache.prepare()  # before PyTorch's compiler is imported, which needs a folder that is there
keep_freed_memory()

__all__ = ["Progress", "progress", "snakemake", "tell"]
