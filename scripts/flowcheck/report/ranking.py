"""Which approximation is better, and at what cost: a ranking that takes errors into account.

Approximations are ordered by KL(q|p), or by the ELBO where no evidence is known: both differ by
the same constant. Two are level if they differ by less than two joint standard errors. The
error of one is its Monte Carlo error and, with several replicates, that of their mean.
"""

import math
from typing import NamedTuple

from flowcheck.report.costs import Cost

ERRORS = 2.0


class Place(NamedTuple):
    """One approximation's place.

    rank: that of the best approximation with which it is level, from 1; None where nothing is known
    of it; level: whether another has the same; score, error: its KL, or its ELBO, and the standard
    error; behind, behind_error: how much worse it is than the best, and the joint standard error.
    """

    flow: str
    rank: int | None
    level: bool
    score: float
    error: float
    behind: float
    behind_error: float
    cost: Cost | None


def ranked(rows: list[dict], costs: dict[str, Cost]) -> list[Place]:
    """The approximations of one posterior, the best first; rows: as `summary.by_flow` makes them.

    One that misses mass is ranked by its KL, which counts it. Where some KL is known, those
    without one come last, unranked.
    """
    by_kl = any(math.isfinite(row["kl"][0]) for row in rows)
    column = "kl" if by_kl else "elbo"
    scores = {row["flow"]: (row[column][0], error_of(row, column)) for row in rows}
    sign = 1 if by_kl else -1
    order = sorted(
        (flow for flow, (value, _) in scores.items() if math.isfinite(value)),
        key=lambda flow: (sign * scores[flow][0], flow),
    )
    ranks, leader = {}, None
    for number, flow in enumerate(order, 1):
        if leader is None or not _level(scores[leader], scores[flow]):
            leader, rank = flow, number
        ranks[flow] = rank
    held = list(ranks.values())
    unknown = [flow for flow in scores if flow not in ranks]
    places = []
    for flow in [*order, *unknown]:
        rank, (value, error) = ranks.get(flow), scores[flow]
        behind = abs(value - scores[order[0]][0]) if order else math.nan
        joint = math.hypot(error, scores[order[0]][1]) if order else math.nan
        level = held.count(rank) > 1
        places.append(Place(flow, rank, level, value, error, behind, joint, costs.get(flow)))
    return places


def error_of(row: dict, column: str = "kl") -> float:
    """The standard error of an approximation's mean KL, or ELBO: Monte Carlo's and replicates'."""
    _, spread = row[column]
    of_mean = (spread or 0.0) / math.sqrt(row["replicates"])
    return math.hypot(*(part for part in (row[f"{column}_se"], of_mean) if math.isfinite(part)))


def _level(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] - other[0]) <= ERRORS * math.hypot(one[1], other[1])
