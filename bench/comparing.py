"""Who wins, by how much: within one run of the bench, and over several.

Within a run two contenders are level where the ranges of their repetitions overlap. Over runs the
ratio is the median, with the lowest and the highest, and the verdict is that of all runs; where
they disagree the two are level.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

OURS, PLAIN = "flowcheck", "plain loop"
GRADIENTS = ("total", "path")
# Other libraries' training by their own loop, and by one that the bench wrote for them.
LOOPS = {"other libraries' own loops": False, "other libraries in a compiled scan": True}
WINS, LEVEL, LOSES = "wins", "level", "loses"


@dataclass(frozen=True)
class Pairing:
    """Rows of ours and of rivals, of which the fastest are compared.

    count: of replicates or chains, 0 where they don't matter; against: whom, beyond the task.
    """

    task: str
    flow: str
    count: int
    against: str
    ours: pd.DataFrame
    rivals: pd.DataFrame


@dataclass(frozen=True)
class Comparison:
    """One pairing over several runs; us, them: the rows of the last run that has both."""

    task: str
    flow: str
    count: int
    against: str
    ratios: tuple[float, ...]
    verdict: str
    us: pd.Series
    them: pd.Series

    @property
    def ratio(self) -> float:
        """Our rate over theirs: the median over the runs."""
        return float(np.median(self.ratios))


def comparisons(runs: list[pd.DataFrame]) -> list[Comparison]:
    """Every pairing of the last run, over all runs that have it with the same variant of ours.

    runs: tables of races, the oldest first. An older run without the variant that is fastest now
    measured other code than it, and doesn't count.
    """
    older = [{_key(one): one for one in pairings(races)} for races in runs[:-1]]
    return [
        _compare(pairing, [run[_key(pairing)] for run in older if _key(pairing) in run])
        for pairing in pairings(runs[-1])
    ]


def pairings(races: pd.DataFrame) -> Iterator[Pairing]:
    """All pairings of one run that have rows on both sides."""
    measured = races[races["rate"].notna()]
    for (task, flow), rows in measured.groupby(["task", "flow"], sort=False):
        ours, others = rows[rows["contender"] == OURS], rows[rows["contender"] != OURS]
        for count, against, mine, theirs in _PAIRERS.get(task, _alone)(ours, others):
            if len(mine) and len(theirs):
                yield Pairing(task, flow, count, against, mine, theirs)


def _flow(ours: pd.DataFrame, others: pd.DataFrame) -> Iterator:
    """Each number of replicates on one thread, as the others have; two threads and the plain loop.

    Other libraries train flows one at a time, so these are what many of ours meet.
    """
    plain, two = others[others["contender"] == PLAIN], ours[ours["threads"] == 2]
    for gradient in GRADIENTS:
        some = two[two["variant"].str.contains(gradient)]
        yield 0, f"the plain loop, two cores, {gradient} gradient", some, plain
    scans = others["variant"].str.contains("scan")
    for count, some in ours[ours["threads"] == 1].groupby("replicates"):
        for who, scan in LOOPS.items():
            yield count, who, some, others[scans == scan]


def _chains(ours: pd.DataFrame, others: pd.DataFrame) -> Iterator:
    for count, some in ours.groupby("replicates"):
        yield count, "", some, others[others["replicates"] == count]


def _compiled(ours: pd.DataFrame, _others: pd.DataFrame) -> Iterator:
    for count, some in ours.groupby("replicates"):
        compiled = some["variant"] == "compiled"
        yield count, "", some[compiled], some[~compiled]


def _alone(ours: pd.DataFrame, others: pd.DataFrame) -> Iterator:
    yield 0, "", ours, others


_PAIRERS = {"flow": _flow, "hmc": _chains, "trajectory": _compiled}


def _key(pairing: Pairing) -> tuple:
    return pairing.task, pairing.flow, pairing.count, pairing.against


def _compare(last: Pairing, older: list[Pairing]) -> Comparison:
    us, them = _fastest(last.ours), _fastest(last.rivals)
    pairs = [(us, them)]
    for one in older:
        same = one.ours[(one.ours["variant"] == us["variant"])]
        same = same[(same["replicates"] == us["replicates"]) & (same["threads"] == us["threads"])]
        if len(same):
            pairs.insert(-1, (_fastest(same), _fastest(one.rivals)))
    found = {_verdict(*pair) for pair in pairs}
    return Comparison(
        *_key(last),
        ratios=tuple(mine["rate"] / theirs["rate"] for mine, theirs in pairs),
        verdict=found.pop() if len(found) == 1 else LEVEL,
        us=us,
        them=them,
    )


def _verdict(us: pd.Series, them: pd.Series) -> str:
    """Within one run: ranges that overlap decide nothing."""
    if us["rate_min"] <= them["rate_max"] and them["rate_min"] <= us["rate_max"]:
        return LEVEL
    return WINS if us["rate"] > them["rate"] else LOSES


def _fastest(rows: pd.DataFrame) -> pd.Series:
    return rows.loc[rows["rate"].idxmax()]
