"""Interleaved repetitions: A B C, A B C, ..., so that whatever drifts hits all alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from bench.contender import Contender
from bench.process import Home

COMPILE_AT_ONCE = 2


@dataclass(frozen=True)
class Plan:
    """How many repetitions, and about how many seconds each should take."""

    repetitions: int
    seconds: float


@dataclass
class Measured:
    """What was found for one contender: its count, and a rate and a report per repetition.

    first_seconds: building, and the first `chunk`.
    """

    contender: Contender
    key: int
    chunk: int
    first_seconds: float
    count: int = 0
    seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)
    reports: list[dict] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median over the repetitions."""
        return float(np.median(self.rates))

    @property
    def floor(self) -> float | None:
        """The contender's, worth as much per count as its rates are."""
        floor = self.contender.floor
        return None if floor is None else floor * float(np.median(self.factors))

    @property
    def compile_seconds(self) -> float:
        """What the first chunk took longer than it would have with everything built."""
        steady_seconds = float(np.median(self.seconds)) * self.chunk / self.count
        return max(self.first_seconds - steady_seconds, 0.0)


def measure(
    contenders: list[Contender], plan: Plan, log: Callable[[str], None] = print
) -> list[Measured]:
    """Build every contender, then race them one at a time, all on the same cores.

    One that fails is left out, with a line in the log: a peer's fault does not spoil the others.
    """
    homes = {}
    for contender in contenders:
        if contender.home not in homes:
            homes[contender.home] = Home(contender.threads, len(homes), contender.bound)
    try:
        ready = _build_all(contenders, homes, log)
        for home in homes.values():
            home.ask("settle")
        for found in ready:
            _warm_up(found, homes[found.contender.home], plan)
        for repetition in range(plan.repetitions):
            log(f"repetition {repetition + 1} of {plan.repetitions}")
            for found in ready:
                _repeat(found, homes[found.contender.home])
        return ready
    finally:
        for home in homes.values():
            home.close()


def _build_all(contenders: list[Contender], homes: dict, log: Callable) -> list[Measured]:
    """Build all, two processes at a time, each on a core of its own: most of it is compiling."""

    def build(home) -> list[Measured]:
        built = []
        for key, contender in enumerate(contenders):
            if contender.home != home:
                continue
            try:
                chunk, seconds = homes[home].ask(
                    "build", key, contender.module, contender.arguments
                )
            except RuntimeError as error:
                log(f"left out, {contender.name}: {error}")
            else:
                log(f"{contender.name}: first call {seconds:.1f} s")
                built.append(Measured(contender, key, chunk, seconds))
        return built

    with ThreadPoolExecutor(COMPILE_AT_ONCE) as pool:
        parts = list(pool.map(build, homes))
    return sorted((found for part in parts for found in part), key=lambda found: found.key)


def _warm_up(found: Measured, home: Home, plan: Plan) -> None:
    """Settle how much a repetition does, by trials of growing length; then do it once unmeasured.

    A contender that names its own count takes that: its first call was the warm-up.
    """
    trial = found.chunk
    if found.contender.count is not None:
        found.count = found.contender.count
        return
    seconds, _ = home.ask("run", found.key, trial)
    while seconds < plan.seconds / 5:
        trial *= 4
        seconds, _ = home.ask("run", found.key, trial)
    found.count = max(1, round(plan.seconds / seconds * trial / found.chunk)) * found.chunk
    home.ask("run", found.key, found.count)


def _repeat(found: Measured, home: Home) -> None:
    seconds, report = home.ask("run", found.key, found.count)
    factor = report.pop("factor", 1.0)
    worth = found.contender.worth * factor
    found.factors.append(factor)
    found.seconds.append(seconds)
    found.rates.append(found.count * worth / seconds)
    found.reports.append(report)
