"""Sentences for approximations without KL: refused, without log_q, or without its constants."""

from typing import NamedTuple

from flowcheck.labels import label
from flowcheck.rounding import plain

# Distances between samples as readers know them, and what one unit is written as.
_DISTANCES = {
    "sliced_w2": "sliced W2 is {value} sds, and {floor} between two samples of the truth",
    "c2st": "a trained classifier is right {value} of the time, and {floor} on such a pair",
    "kl_knn": "the nearest-neighbour estimate of KL is {value}, and {floor} on such a pair",
}


class Line(NamedTuple):
    """One approximation: its name for readers, its band (None without a word), its sentence, its
    name in the tables, and why it is only fair or poor ("" where it is not)."""

    name: str
    band: int | None
    text: str
    flow: str = ""
    why: str = ""


def has_kl(row: dict) -> bool:
    """Whether a row of `summary.by_flow` is of an approximation whose KL can be asked for."""
    return row.get("method") in (None, "quadrature", "Monte Carlo")


def without_kl(row: dict, worst: dict | None) -> Line:
    """The line of one that has none; worst: its worst moments, None where they are not known."""
    name = label(row["flow"])
    if row["refused"]:
        what = "could not be fitted" if row["kind"] == "fitted" else "was refused"
        return Line(name, None, f"{name} {what}: {row['refused'].rstrip('.')}.")
    if row["method"] == "draws":
        parts = [f"{name} came without log_q, so its KL is unknown"]
    else:
        parts = [f"{name}'s log_q is not normalised, so its KL is unknown", _weights(row)]
    for distance, one in (row["distances"] or {}).items():
        shown = _share if distance == "c2st" else plain
        value, floor = shown(one["value"]), shown(one["floor_mean"], one["floor_sd"])
        parts.append(_DISTANCES[distance].format(value=value, floor=floor))
    if worst is not None:
        parts.append(moments_part(worst))
    return Line(name, None, "; ".join(parts) + ".")


def moments_part(worst: dict) -> str:
    """The worst mean and sd, as `moment_errors.worst_moments` found them."""
    return (
        f"the worst mean is off by {abs(worst['mean_error']):.2g} sds "
        f"({worst['mean_parameter']}), the worst sd by {_change(worst['sd_ratio'])} "
        f"({worst['sd_parameter']})"
    )


def _weights(row: dict) -> str:
    size = row["effective_sample_size"]
    known = "" if size is None else f", effective sample size {size:,.0f} of {row['draws']:,} draws"
    return f"Pareto k {row['pareto_k']:.2f}".replace("-", "−") + known


def _share(value: float, error: float | None = None) -> str:
    spread = "" if error is None else f" ± {100 * error:.1f}"
    return f"{100 * value:.1f}{spread} %"


def _change(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.0f} %".replace("-", "−")
