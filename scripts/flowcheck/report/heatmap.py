"""Every posterior against every approximation: KL with its error, or why there is none."""

import math
from typing import NamedTuple

from flowcheck.report.brief import Line, unsettled
from flowcheck.report.ranking import ERRORS, Place, error_of

# Upper ends of the shades, in nats, from the lightest; the last shade has none.
SHADES = (1e-4, 1e-3, 1e-2, 0.05, 0.5, 5.0)
# The words of `brief.BANDS`, as short as a cell asks for.
WORDS = ("indistinguishable", "good", "fair", "poor")
NO_TRUTH = "unverified: no exact evidence, and HMC failed"


# How draws from outside were measured, where that gives no KL, and why.
WITHOUT_KL = {
    "draws": "no KL: its draws come without log_q",
    "weights up to a constant": "no KL: its log_q lacks the constant",
}


class Cell(NamedTuple):
    """One approximation of one posterior.

    kl, error: nats, None where unknown; shade: 0 to 6, None without a KL; best: whether it is the
    best or level with it; grade: of the truth; words: what else is to be said, a reason at least
    where there is no KL.
    """

    kl: float | None
    error: float | None
    shade: int | None
    best: bool
    grade: str
    words: list[str]


def heat_map(rows: list[dict], columns: list[str]) -> dict:
    """What heatmap.html.j2 shows; rows: {"name", "grade", "cells"} of each posterior."""
    shades = [f"{end:g}" for end in SHADES]
    return {"rows": rows, "columns": columns, "shades": shades, "errors": f"{ERRORS:g}"}


def heat_row(
    grade: str, rows: list[dict], lines: list[Line], places: list[Place], columns: list[str]
) -> list[Cell]:
    """The cells of one posterior, one for each of `columns`, the study's approximations.

    grade: of its truth; rows: as `summary.by_flow` makes them; lines: its brief's; places: its
    ranking.
    """
    rows = {row["flow"]: row for row in rows}
    bands = {line.flow: line.band for line in lines}
    best = {place.flow for place in places if place.rank == 1}
    return [
        _cell(grade, rows[name], bands.get(name), name in best)
        if name in rows
        else Cell(None, None, None, False, grade, ["not made for this posterior"])
        for name in columns
    ]


def shade(kl: float) -> int:
    """The shade of a KL."""
    return sum(kl > end for end in SHADES)


def _cell(grade: str, row: dict, band: int | None, best: bool) -> Cell:
    kl, _ = row["kl"]
    if not math.isfinite(kl):
        return Cell(None, None, None, best, grade, [reason(grade, row)])
    words = [WORDS[band]] if band is not None else []
    if row["missed"]:
        words.append(f"misses {100 * row['missing_mass']:.0f} % of the mass")
    if grade == "disputed":
        words.append("disputed: the estimates of the evidence disagree")
    return Cell(kl, error_of(row), shade(kl), best, grade, words)


def reason(grade: str, row: dict) -> str:
    """Why an approximation has no KL."""
    if row["refused"]:
        return f"refused: {row['refused']}"
    if row["method"] in WITHOUT_KL:
        return WITHOUT_KL[row["method"]]
    if not math.isfinite(row["elbo"][0]):
        return "failed: its ELBO is not finite"
    if grade == "unverified":
        return NO_TRUTH
    if unsettled(row):
        return "failed: the integral of a replicate's KL does not settle"
    return "failed: the KL of a replicate could not be computed"
