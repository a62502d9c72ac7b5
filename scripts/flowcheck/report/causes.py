"""Why an approximation is only fair or poor: one sentence, by written rules from a study's tables.

The rules look at what an approximation is (its family), at how its divergence divides into shape
and unseen mass (divergence.csv), at which moments it gets wrong (moments.csv), and at what other
approximations of the same posterior reach: where a full-rank Gaussian does much better than
independent coordinates, the correlations are to blame, and where a flow does much better than a
full-rank Gaussian, the shape is. The first rule that applies gives the sentence; where none does,
that is said.
"""

import math
from typing import NamedTuple

import pandas as pd

from flowcheck.labels import label
from flowcheck.report.summary import K_USABLE
from flowcheck.rounding import plain

INDEPENDENT = ("mean_field",)
GAUSSIAN = ("full_rank", "pathfinder")
LAPLACE = "laplace"
# Whose layers each act along one direction, or about one point.
NARROW_LAYERS = {
    "planar": "bends space along one direction",
    "radial": "stretches space about one point",
}
CONSTANT_JACOBIAN = "nice"
# Another approximation is much better if it leaves at most this share of the divergence.
MUCH_BETTER = 0.5
# Of what is missed, the share that the draws themselves show, below which the rest is a part of
# the posterior where no draw comes: a mode, and not the edge of what is drawn.
SEPARATE = 0.1
# Ratios of standard deviations that count as too narrow and too wide, and the error of a mean, in
# posterior standard deviations, that counts as off: a fair approximation's at most.
NARROW, WIDE, OFF = 0.8, 1.25, 0.15


class Symptoms(NamedTuple):
    """What the tables show of one approximation; NaN and None where unknown.

    kl, shape, unseen: nats; missing: the share of the mass that is missed, 0 if none is; narrowest,
    widest: (sd_ratio, parameter); mean: (mean_error in sds, parameter); dense, best: (name, KL) of
    the best full-rank Gaussian and of the best approximation of the same posterior.
    """

    name: str
    family: str
    kl: float
    shape: float
    unseen: float
    missing: float
    pareto_k: float
    narrowest: tuple[float, str] | None
    widest: tuple[float, str] | None
    mean: tuple[float, str] | None
    dense: tuple[str, float] | None
    best: tuple[str, float] | None


def symptoms(
    row: dict, rows: list[dict], moments: pd.DataFrame | None, families: dict[str, str]
) -> Symptoms:
    """Of one approximation among those of its posterior; rows: as `summary.by_flow` makes them.

    moments: the posterior's moments.csv; families: flow -> family, for those that have one.
    """
    narrowest, widest, mean = _extremes(moments, row["flow"])
    return Symptoms(
        name=row["flow"],
        family=families.get(row["flow"], row["flow"]),
        kl=row["kl"][0],
        shape=row["kl_shape"][0],
        unseen=row["kl_unseen"][0],
        missing=row["missing_mass"] if row["missed"] else 0.0,
        pareto_k=row["pareto_k"],
        narrowest=narrowest,
        widest=widest,
        mean=mean,
        dense=_least(
            one for one in rows if families.get(one["flow"], one["flow"]) in GAUSSIAN
        ),
        best=_least(rows),
    )  # fmt: skip


def _least(rows) -> tuple[str, float] | None:
    known = [
        (row["flow"], row["kl"][0])
        for row in rows
        if math.isfinite(row["kl"][0]) and not row["missed"]
    ]
    return min(known, key=lambda pair: pair[1], default=None)


def _extremes(moments: pd.DataFrame | None, flow: str) -> tuple:
    """The smallest and largest ratio of sds and the largest error of a mean, with parameters."""
    if moments is None:
        return None, None, None
    ours = moments[moments["approximation"] == flow]
    means = ours.groupby("parameter", sort=False)[["mean_error", "sd_ratio"]].mean()
    ratios = means["sd_ratio"].dropna()
    ratios, errors = ratios[ratios > 0], means["mean_error"].dropna()
    return (
        (float(ratios.min()), ratios.idxmin()) if len(ratios) else None,
        (float(ratios.max()), ratios.idxmax()) if len(ratios) else None,
        (float(errors[errors.abs().idxmax()]), errors.abs().idxmax()) if len(errors) else None,
    )


def why(s: Symptoms) -> str:
    """The sentence, in words for readers: the first rule's that applies."""
    return next(filter(None, (rule(s) for rule in RULES)))


def _is_laplaces(s: Symptoms) -> str | None:
    """The curvature at a mode says little of the rest, and nothing is fitted to that."""
    if s.family != LAPLACE:
        return None
    text = "it has the curvature of one mode everywhere"
    extremes = [one for one in (s.narrowest, s.widest) if one and not NARROW <= one[0] <= WIDE]
    if s.missing:
        text += f", and about {100 * s.missing:.0f} % of the mass lies where it never draws"
    elif extremes:
        ratio, parameter = max(extremes, key=lambda one: abs(math.log(one[0])))
        text += (
            f", which is too {'narrow' if ratio < 1 else 'wide'} for the posterior as a whole (the "
            f"sd of {parameter} is {100 * ratio:.0f} % of the truth's)"
        )
    elif s.mean is not None and abs(s.mean[0]) > OFF:
        text += f" and is symmetric; the posterior is skewed{_mean_words(s)}"
    else:
        text += "; the posterior has a different shape"
    return f"{text}{_better_words(s)}."


def _drops_mass(s: Symptoms) -> str | None:
    """Reverse KL drops modes that lie across a gap; the weights cannot show it."""
    if not s.missing:
        return None
    share = f"{100 * s.missing:.0f} % of the mass"
    if s.shape < SEPARATE * s.unseen:
        return (
            f"KL(q‖p) has no penalty for mass that q never visits, so it settled in one "
            f"part of the posterior and dropped the rest, about {share}; within that part it is "
            f"right to {plain(abs(s.shape))} nats, which is why its weights show nothing."
        )
    return (
        f"KL(q‖p) has no penalty for mass that q never visits: about {share} lies where it never "
        f"draws{_narrow_words(s)}, and in addition its shape is off by {plain(s.shape)} nats."
    )


def _ignores_correlations(s: Symptoms) -> str | None:
    """Independent coordinates shrink until they fit inside a correlated posterior."""
    if s.family not in INDEPENDENT:
        return None
    better = s.dense is not None and s.dense[1] <= MUCH_BETTER * s.kl
    if not better and (s.dense is not None or not _is_narrow(s)):
        return None
    text = "its coordinates are independent and the posterior's are not"
    if _is_narrow(s):
        text += f": to fit inside, reverse KL shrinks the sds{_narrow_words(s)}"
    if better:
        text += f"; a Gaussian with correlations reaches {plain(s.dense[1])} nats"
    return f"{text}."


def _is_a_gaussian(s: Symptoms) -> str | None:
    """What no Gaussian can do: a tail, a width that changes, a skew, a bend."""
    if s.family not in (*INDEPENDENT, *GAUSSIAN):
        return None
    text = "a Gaussian has one width everywhere and light tails"
    if _is_narrow(s):
        text += "; the posterior does not, and reverse KL concentrates on its core"
        text += _narrow_words(s)
    elif s.mean is not None and abs(s.mean[0]) > OFF:
        text += f" and is symmetric; the posterior is skewed{_mean_words(s)}"
    else:
        text += "; the posterior has a different shape"
    return f"{text}{_better_words(s)}."


def _bends_too_little(s: Symptoms) -> str | None:
    """A planar or radial flow has a single direction to a layer."""
    if s.family not in NARROW_LAYERS or not _much_better(s):
        return None
    moment = _narrow_words(s) or _mean_words(s)
    return (
        f"each of its layers {NARROW_LAYERS[s.family]}, and so few cannot make the posterior's "
        f"shape{moment}{_better_words(s)}."
    )


def _keeps_volumes(s: Symptoms) -> str | None:
    """A constant Jacobian determinant cannot stretch one part and squeeze another."""
    if s.family != CONSTANT_JACOBIAN:
        return None
    return (
        "its Jacobian determinant is the same everywhere, so it cannot stretch one part of space "
        f"and squeeze another{_narrow_words(s)}{_better_words(s)}."
    )


def _has_light_tails(s: Symptoms) -> str | None:
    """Few draws carry the weight, or the sds are too small: the tails are left out."""
    if not (_is_narrow(s) or s.pareto_k >= K_USABLE):
        return None
    text = f"its tails are lighter than the posterior's{_narrow_words(s)}"
    if s.pareto_k >= K_USABLE:
        text += f"; a few draws carry most of the weight, Pareto k {s.pareto_k:.2f}"
    return f"{text}{_better_words(s)}."


def _is_too_wide(s: Symptoms) -> str | None:
    if s.widest is None or s.widest[0] <= WIDE:
        return None
    ratio, parameter = s.widest
    return (
        f"it is wider than the posterior: the sd of {parameter} is {100 * ratio:.0f} % of the "
        f"truth's{_better_words(s)}."
    )


def _is_off(s: Symptoms) -> str | None:
    if s.mean is None or abs(s.mean[0]) <= OFF:
        return None
    return f"it is in the wrong place{_mean_words(s)}{_better_words(s)}."


def _no_reason(s: Symptoms) -> str:
    return f"no rule explains it by its moments, weights or family{_better_words(s)}."


# The first that applies is said. The last always applies.
RULES = (
    _is_laplaces,
    _drops_mass,
    _ignores_correlations,
    _is_a_gaussian,
    _bends_too_little,
    _keeps_volumes,
    _has_light_tails,
    _is_too_wide,
    _is_off,
    _no_reason,
)


def _is_narrow(s: Symptoms) -> bool:
    return s.narrowest is not None and s.narrowest[0] < NARROW


def _much_better(s: Symptoms) -> bool:
    return s.best is not None and s.best[0] != s.name and s.best[1] <= MUCH_BETTER * s.kl


def _narrow_words(s: Symptoms) -> str:
    if not _is_narrow(s):
        return ""
    ratio, parameter = s.narrowest
    return f" (the sd of {parameter} is {100 * ratio:.0f} % of the truth's)"


def _mean_words(s: Symptoms) -> str:
    if s.mean is None or abs(s.mean[0]) <= OFF:
        return ""
    return f" (the mean of {s.mean[1]} is off by {abs(s.mean[0]):.2g} sds)"


def _better_words(s: Symptoms) -> str:
    return f"; {label(s.best[0])} reaches {plain(s.best[1])} nats" if _much_better(s) else ""
