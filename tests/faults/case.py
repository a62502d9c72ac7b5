"""One fault: what was put in the user's way, and what came of it."""

import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from snakemake.exceptions import WorkflowError

from flowcheck.failures import explain

REFUSED, SURVIVED = "refused", "survived"
ACCEPTED, TRACEBACK, HUNG = "accepted wrongly", "traceback first", "hung"
OUTCOMES = (REFUSED, SURVIVED, ACCEPTED, TRACEBACK, HUNG)
BAD = (ACCEPTED, TRACEBACK, HUNG)


class Outcome(NamedTuple):
    """What came of a fault, one of OUTCOMES, and the message that the user saw."""

    word: str
    message: str


@dataclass(frozen=True)
class Case:
    """A fault to be tried.

    name: unique within its kind. kind: the row of the table in which it counts. run: does it, and
    says what came of it. limit: seconds after which it counts as hung.
    """

    name: str
    kind: str
    run: Callable[[], Outcome]
    limit: float = 60


class _Hung(BaseException):
    """Raised by the alarm; no `except Exception` may swallow it."""


@contextmanager
def _alarm(seconds: float):
    def ring(*_):
        raise _Hung

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tried(case: Case) -> Outcome:
    """What comes of a case; an error that its `run` lets through is a traceback for the user."""
    try:
        with _alarm(case.limit):
            return case.run()
    except (_Hung, subprocess.TimeoutExpired):
        return Outcome(HUNG, f"nothing after {case.limit} s")
    except Exception:
        return Outcome(TRACEBACK, traceback.format_exc())


def refusal(call: Callable, *words: str) -> Outcome:
    """For a fault that must be refused: `call` raises one paragraph that holds each of `words`."""
    try:
        result = call()
    except Exception as error:
        message = str(error) if isinstance(error, WorkflowError) else explain(error)
        if message is None:
            return Outcome(TRACEBACK, traceback.format_exc())
        return refused_saying(message, *words)
    return Outcome(ACCEPTED, f"it returned {str(result)[:200]!r}")


def refused_saying(message: str, *words: str) -> Outcome:
    """A refusal, where its message says what it must: a user without these words is as lost."""
    missing = [word for word in words if word not in message]
    if missing:
        return Outcome(TRACEBACK, f"nothing of {missing} in: {message}")
    return Outcome(REFUSED, message)


def survival(call: Callable) -> Outcome:
    """For a fault that must change nothing: `call` checks that itself, and raises if it did."""
    try:
        said = call()
    except AssertionError:
        return Outcome(ACCEPTED, traceback.format_exc())
    return Outcome(SURVIVED, str(said or ""))


def bad(outcome: Outcome) -> bool:
    """Whether a user would have been hurt."""
    if outcome.word not in OUTCOMES:
        raise ValueError(f"{outcome.word!r} is none of {OUTCOMES}")
    return outcome.word in BAD


def note(text: str) -> None:
    """Say something of a run's progress, beside its table."""
    print(text, file=sys.stderr, flush=True)
