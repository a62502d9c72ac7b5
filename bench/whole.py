"""Whole runs, from nothing to draws, each in a process of its own, by the CPU seconds they take.

What a user pays who samples one posterior once: starts, warm-up, draws, and compiling, of which
nothing is kept from an earlier run. Importing the libraries is off the clock.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from bench.contender import Contender
from bench.measure import Plan
from bench.process import CACHE, Home

COMPILED_BEFORE = "compiled before"


class Run(Protocol):
    """What a contender's module builds."""

    def run(self) -> None:
        """One whole run; its first and only one."""

    def report(self) -> dict:
        """effective: draws; compile_seconds: CPU seconds of the run that went into compiling."""


@dataclass
class Measured:
    """What was found for one contender: effective draws per CPU second in each of its processes."""

    contender: Contender
    rates: list[float] = field(default_factory=list)
    compiling: list[float] = field(default_factory=list)
    floor: None = None

    @property
    def rate(self) -> float:
        """The median over the processes."""
        return float(np.median(self.rates))

    @property
    def compile_seconds(self) -> float:
        """The median of the CPU seconds that went into compiling."""
        return float(np.median(self.compiling))

    @property
    def reports(self) -> list[dict]:
        """Nothing else to say."""
        return []


def measure(
    contenders: list[Contender], plan: Plan, log: Callable[[str], None] = print
) -> list[Measured]:
    """Interleaved, A B C, A B C, ...; two for each contender: compiling counted, and not.

    One that fails is left out, with a line in the log.
    """
    with_it = [Measured(contender) for contender in contenders]
    without = [Measured(replace(one, task=f"{one.task}, {COMPILED_BEFORE}")) for one in contenders]
    for repetition in range(plan.repetitions):
        log(f"repetition {repetition + 1} of {plan.repetitions}")
        for counted, uncounted in zip(with_it, without, strict=True):
            contender = counted.contender
            try:
                seconds, report = _once(contender)
            except RuntimeError as error:
                log(f"left out, {contender.name}: {error}")
                continue
            effective, compiling = report["effective"], report["compile_seconds"]
            log(
                f"{contender.name}: {effective:.0f} effective draws, {seconds:.1f} CPU s, "
                f"{compiling:.1f} of them compiling"
            )
            counted.rates.append(effective / seconds)
            uncounted.rates.append(effective / (seconds - compiling))
            for one in (counted, uncounted):
                one.compiling.append(compiling)
    return [one for one in (*with_it, *without) if one.rates]


def _once(contender: Contender) -> tuple[float, dict]:
    """One run in a new process, with an empty cache of compiled code."""
    kept = os.environ.get(CACHE)
    with tempfile.TemporaryDirectory() as cache:
        os.environ[CACHE] = cache
        home = Home(contender.threads)
        try:
            return home.ask("whole", contender.module, contender.arguments)
        finally:
            home.close()
            if kept is None:
                del os.environ[CACHE]
            else:
                os.environ[CACHE] = kept
