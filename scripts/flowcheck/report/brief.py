"""In brief: what a study found, one sentence for each approximation, by fixed rules.

An approximation is as good as the worst of its replicates. Its word is the worst of three:

- KL(q|p), with two standard errors added. Total variation is at most sqrt(KL / 2) (Pinsker), and
  a classifier that knows both densities is right 1/2 + TV/2 of the time: at 0.001 nats at most
  51.1 %, at 0.05 nats 58 %, at 0.5 nats 75 %.
- The largest error of a mean, in posterior standard deviations and less four standard errors, and
  the largest |log| of a ratio of standard deviations.
- Pareto k of the weights p/q (Vehtari et al., "Pareto Smoothed Importance Sampling", arXiv
  1507.02646), where KL is a Monte Carlo estimate from these weights and not an integral: from 0.7
  on at best good, from 1 on at best fair.

One that misses part of the posterior's mass is poor, whatever else is true of it. Where the truth
is unverified no word is given, for nothing was compared with it.
"""

import math
from typing import NamedTuple

import pandas as pd

from flowcheck.labels import label
from flowcheck.report.causes import CONSTANT_JACOBIAN, symptoms, why
from flowcheck.report.moment_errors import worst_moments
from flowcheck.report.summary import K_GOOD, K_USABLE, k_word
from flowcheck.report.without_kl import Line, has_kl, moments_part, without_kl
from flowcheck.rounding import plain


class Band(NamedTuple):
    """A word, and the largest KL (nats) and error of a moment (sds) that deserve it."""

    word: str
    kl: float
    moment: float


BANDS = (
    Band("cannot be told from the posterior", 0.001, 0.05),
    Band("good", 0.05, 0.15),
    Band("fair", 0.5, 0.5),
    Band("poor", math.inf, math.inf),
)
GOOD, FAIR, POOR = 1, 2, 3
# From this Pareto k on, the weights have no mean.
K_MEAN = 1.0
# Replicates that differ by less than this share of their mean are the same to its three digits.
SAME = 0.0005
SPREAD = (
    "± is the standard deviation over replicates, which differ in their initial values and their "
    "draws; a standard error is the Monte Carlo error of one replicate."
)


class Brief(NamedTuple):
    """One posterior: its name, its facts, whom to trust, the approximations, what failed."""

    name: str
    facts: str
    trust: str
    lines: list[Line]
    failures: list[str]


def kl_bands() -> list[tuple[str, float | None]]:
    """Each word and the largest KL that deserves it, None for the last: for a figure's axis."""
    return [(band.word, band.kl if math.isfinite(band.kl) else None) for band in BANDS]


def rules() -> list[str]:
    """The rules for readers, a sentence each."""
    first, good, fair, _ = BANDS
    return [
        f"“Cannot be told from the posterior”: KL(q‖p) plus two standard errors is at most "
        f"{first.kl:g} nats; every mean is off by at most {first.moment:g} posterior standard "
        "deviations (sds), four standard errors subtracted; every sd is off by at most "
        f"{_percent(first.moment)}; and Pareto k is below {K_USABLE:g} where KL is estimated from "
        "draws. The best possible classifier is then right at most 51.1 % of the time.",
        f"“Good”: at most {good.kl:g} nats, {good.moment:g} sds and {_percent(good.moment)}, and "
        f"Pareto k below {K_MEAN:g}. “Fair”: at most {fair.kl:g} nats, {fair.moment:g} sds and "
        f"{_percent(fair.moment)}. “Poor”: anything else.",
        "The worst replicate decides. An approximation that misses part of the posterior's mass "
        "is poor.",
        f"Pareto k is good below {K_GOOD:g} and usable below {K_USABLE:g}; above that the draws "
        "should not be reweighted. It cannot detect mass that the approximation misses.",
        SPREAD,
    ]


def brief(
    name: str,
    truth: dict,
    verdict: dict,
    dim: int,
    rows: list[dict],
    moments: pd.DataFrame | None,
    families: dict[str, str],
    constant_jacobian_bound: float | None = None,
) -> Brief:
    """The brief on one posterior.

    truth, verdict: its truth.json and hmc/long.json; rows: as `summary.by_flow` makes them;
    moments: its moments.csv; families: flow -> family; constant_jacobian_bound: the least KL in
    nats that a NICE flow can reach there, if that is known.
    """
    known = truth["grade"] != "unverified"
    lines, compared = [], [row for row in rows if has_kl(row)]
    for row in rows:
        bound = constant_jacobian_bound
        bound = bound if families.get(row["flow"]) == CONSTANT_JACOBIAN else None
        worst = worst_moments(moments, row["flow"])
        if not has_kl(row):
            line = without_kl(row, worst)
        else:
            line = _judged(row, worst, bound) if known else _unverified(row, compared)
        cause = ""
        if line.band is not None and line.band >= FAIR and math.isfinite(row["kl"][0]):
            cause = why(symptoms(row, compared, moments, families))
        lines.append(line._replace(flow=row["flow"], why=cause))
    ranks = {line: _rank(row, line) for row, line in zip(rows, lines, strict=True)}
    order = {row["flow"]: ranks[line] for row, line in zip(rows, lines, strict=True) if has_kl(row)}
    return Brief(
        name,
        facts=f"{dim} dimension{'s' if dim != 1 else ''}; the truth is {truth['grade']}",
        trust=_trust(order) if known else _no_truth(),
        lines=sorted(lines, key=ranks.get),
        failures=_failures(verdict, truth, rows),
    )


def _rank(row: dict, line: Line) -> tuple:
    """The best first: by the word, then by KL, or by the ELBO where there is no truth; then those
    without a word, and last those that were refused."""
    if not has_kl(row):
        return len(BANDS) + bool(row["refused"]), math.inf, row["flow"]
    distance = row["kl"][0] if line.band is not None else -row["elbo"][0]
    return line.band or 0, distance if math.isfinite(distance) else math.inf, row["flow"]


def band_of(row: dict, worst: dict | None) -> int:
    """The number of the band that the worst of KL, moments and Pareto k deserve."""
    kl = row["kl_worst"] + 2 * _or_zero(row["kl_se"])
    if not math.isfinite(kl) or row["missed"]:
        return POOR
    found = [next(i for i, band in enumerate(BANDS) if kl <= band.kl)]
    if worst is not None:
        error = max(worst["mean_excess"], abs(math.log(worst["sd_ratio"])))
        found.append(next(i for i, band in enumerate(BANDS) if error <= band.moment))
    k = row["pareto_k"]
    if k >= K_USABLE and not row["by_quadrature"]:
        found.append(FAIR if k >= K_MEAN else GOOD)
    return max(found)


def _judged(row: dict, worst: dict | None, bound: float | None) -> Line:
    name, band = label(row["flow"]), band_of(row, worst)
    if not math.isfinite(row["kl_worst"]):
        return Line(name, POOR, f"{name} failed: {_no_kl(row)}.")
    parts = [f"{name} {_says(band)}: {_kl(row)}"]
    if row["missed"]:
        parts.insert(
            0,
            f"{name} misses about {100 * row['missing_mass']:.0f} % of the mass"
            + (f" in {row['missed']} of {row['replicates']} replicates" * (row["replicates"] > 1)),
        )
        parts[1] = _kl(row)
    if band > 0 and worst is not None:
        parts.append(moments_part(worst))
    parts += _about_k(row["pareto_k"])
    if bound is not None:
        parts.append(f"its Jacobian determinant is constant, so KL cannot go below {plain(bound)}")
    return Line(name, band, "; ".join(parts) + ".")


def _says(band: int) -> str:
    return BANDS[band].word if band == 0 else f"is {BANDS[band].word}"


def unsettled(row: dict) -> bool:
    """Whether a KL is missing because its integral does not settle, though its draws give one."""
    return row["by_quadrature"] and math.isfinite(row["kl_mc"][0])


def _no_kl(row: dict) -> str:
    """Why some replicate has no KL, and what its draws alone would say."""
    if not unsettled(row):
        return "the KL of a replicate could not be computed"
    return (
        "the integral of a replicate's KL does not settle, as happens where a flow throws the far "
        "tails of its base far from the posterior. By its draws alone, none of which comes from "
        f"there, KL would be {plain(*row['kl_mc'])} nats"
    )


def _kl(row: dict) -> str:
    value, spread = row["kl"]
    count = row["replicates"]
    if count == 1:
        text = f"KL {plain(value)} nats in one replicate"
    elif spread < SAME * abs(value):
        text = f"KL {plain(value)} nats in each of {count} replicates"
    else:
        text = f"KL {plain(value, spread)} nats over {count} replicates"
    error = row["kl_se"]
    # An error that the spread hides is not worth a reader's time.
    if math.isfinite(error) and error > 0.1 * max(spread or 0.0, 0.001 * abs(value)):
        text += f", standard error {plain(error)}"
    return text


def _about_k(k: float) -> list[str]:
    if not k >= K_USABLE:
        return []
    return [f"Pareto k {k:.2f}: do not reweight its draws"]


def _unverified(row: dict, rows: list[dict]) -> Line:
    name, best = label(row["flow"]), max(rows, key=lambda one: _or_low(one["elbo"][0]))
    parts = []
    if row is best:
        parts.append(f"{name} has the highest ELBO")
    else:
        below = best["elbo"][0] - row["elbo"][0]
        spread = math.hypot(row["elbo"][1] or 0.0, best["elbo"][1] or 0.0) or None
        parts.append(f"{name}'s ELBO is {plain(below, spread)} nats below {label(best['flow'])}'s")
    k = row["pareto_k"]
    parts += _about_k(k)
    if k < K_USABLE:
        parts.append(f"Pareto k {k:.2f} is {k_word(k)}, which cannot rule out missed mass")
    return Line(name, None, "; ".join(parts) + ".")


def _trust(order: dict[str, tuple]) -> str:
    if not order:
        return "No approximation was made."
    best = min(order, key=order.get)
    band, name = order[best][0], label(best)
    if band == POOR:
        return "None of the approximations should be trusted."
    if band == FAIR:
        return f"{name} is the best, but only fair: check the quantities that you need."
    return f"Trust {name}, which {_says(band)}."


def _no_truth() -> str:
    return (
        "No approximation can be recommended: there is no exact evidence, and Hamiltonian Monte "
        "Carlo failed its verdict, so there is nothing to compare with."
    )


def _failures(verdict: dict, truth: dict, rows: list[dict]) -> list[str]:
    found = []
    if not verdict["passed"]:
        text = "Hamiltonian Monte Carlo failed its verdict"
        text += f". Likely cause: {verdict['cause']}" if verdict.get("cause") else ""
        text += f". How to fix it: {verdict['cure']}" if verdict.get("cure") else ""
        if truth["grade"] == "exact":
            text += ". The exact evidence is still valid; what needs the draws is left empty"
        found.append(text + ".")
    if truth["grade"] == "disputed":
        found.append(
            "The estimates of the evidence disagree: every KL here is uncertain by as much as they "
            "differ."
        )
    for row in rows:
        if row["skipped_steps"]:
            found.append(
                f"{label(row['flow'])} skipped {row['skipped_steps']} training steps whose loss "
                "was not finite."
            )
    return found


def _percent(error: float) -> str:
    return f"{100 * (math.exp(error) - 1):.0f} %"


def _or_zero(number: float) -> float:
    return number if math.isfinite(number) else 0.0


def _or_low(number: float) -> float:
    return number if math.isfinite(number) else -math.inf
