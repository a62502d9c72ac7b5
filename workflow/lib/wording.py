"""How the screen names a job, a duration and a reason, and what a failed job's log says of it."""

import re
from collections import deque
from pathlib import Path

from .validation import nearest

# What scripts/step.py writes at the start of a line of a step's log.
PROGRESS, ERROR = "progress: ", "ERROR: "
TRACEBACK = "Traceback (most recent call last):"
# A log may be long: this much of its end is looked at, and so many lines shown where it holds
# no message.
TAIL_BYTES, TAIL_LINES = 1 << 16, 10
REASON_LENGTH = 110


def job_name(rule: str, wildcards: dict) -> str:
    """A job's rule and what it works on: "train_flow banana nice"."""
    return " ".join([rule, *map(str, wildcards.values())])


def duration(seconds: float) -> str:
    """Seconds to one place below ten, and minutes or hours above a hundred of the smaller unit."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def reason(text: str) -> str:
    """Snakemake's reason for a job in one short line: the first file of each list, and a count.

    That an earlier job runs too is given only where there is no other reason.
    """
    parts = text.split("; ")
    own = [part for part in parts if not part.startswith("Input files updated by another job")]
    line = "; ".join(map(_reason_part, own or parts))
    return line if len(line) <= REASON_LENGTH else line[: REASON_LENGTH - 3] + "..."


def _reason_part(part: str) -> str:
    what, _, files = part.partition(": ")
    first, *others = files.split(", ")
    listed = f": {first}" + (f" and {len(others)} more" if others else "")
    return " ".join((what[:1].lower() + what[1:] + (listed if files else "")).split())


def last_progress(log: str | Path) -> str | None:
    """The last progress that a running step wrote to its log, if any."""
    lines = [line for line in _tail(log) if line.startswith(PROGRESS)]
    return lines[-1].removeprefix(PROGRESS) if lines else None


def why_it_failed(logs: list[str]) -> list[str]:
    """Lines for the screen, from the first log with words; the first line says why a job failed.

    A step's own message is shown alone. Where it has none, the exception comes first, then its
    traceback.
    """
    for log in logs:
        lines = _tail(log)
        for number in range(len(lines) - 1, -1, -1):
            if lines[number].startswith(ERROR):
                return [lines[number].removeprefix(ERROR)]
            if lines[number] == TRACEBACK:
                trace = lines[number:]
                # The frames are indented; the exception's message may have several lines.
                exception = next((line for line in trace[1:] if line[0] != " "), trace[-1])
                return [exception, *trace, _UNFORESEEN]
    for log in logs:
        if lines := _tail(log):
            return [_SILENT + ". Its log ends with:", *lines[-TAIL_LINES:]]
    return [_SILENT + ", and its log is empty."]


_SILENT = "It ended without a message: it was killed, by a limit on its memory or time or by hand"
_UNFORESEEN = "Unless your own code is in this traceback, this is a bug: please report it."


def _tail(log: str | Path) -> list[str]:
    """The last lines of a log, none if it cannot be read; a carriage return ends a line too."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, Path(log).stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return list(deque((line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()), 1000))


def of_a_missing_target(text: str, rules) -> str:
    """Snakemake's words for a goal that nothing makes, as a line with the name that was meant."""
    missing = re.search(r"No rule to produce (\S+) \(if you use input functions", text)
    if missing is None:
        return text
    # Rules of one word are what a user asks for by name; the others are steps.
    asked = [name for name in rules if "_" not in name] or list(rules)
    return f"There is no target '{missing.group(1)}'{nearest(missing.group(1), asked)}"
