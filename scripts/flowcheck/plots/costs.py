"""What each approximation of a posterior costs, and how far from it it is."""

import math

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style

# Nats: a KL below this is drawn at the lower edge.
LOWEST = 1e-7


def plot_costs(points: list[dict], families: dict) -> Figure:
    """KL(q|p) against seconds and against gradients, a mark for each approximation; log axes.

    points: {"flow", "kl", "se", "seconds", "gradients"}, NaN and None where unknown; a bar reaches
    two standard errors either way. An approximation without a KL or without a cost is named above.
    families: of every approximation of the study.
    """
    looks = style.looks({one["flow"]: one["flow"] for one in points} | families)
    figure, axes = style.panels(2, 2, (4.9, 3.1), sharey=True)
    shown = [one for one in points if math.isfinite(one["kl"])]
    positive = [one["kl"] for one in shown if one["kl"] > 0]
    low = max(min([*positive, 1e-3]) / 3, LOWEST)
    high = max([*positive, 1e-2]) * 4
    for ax, key in zip(axes, ("seconds", "gradients"), strict=True):
        for one in shown:
            if one[key]:
                _mark(ax, one[key], one, low, looks[one["flow"]])
        ax.set(xscale="log", yscale="log", ylim=(low * 0.7, high))
        _widen(ax)
        ax.grid(True)
    axes[0].set_xlabel("seconds, all replicates")
    axes[1].set_xlabel("gradients of the log density, all replicates")
    style.label_y(axes, r"KL$(q\|p)$, nats")
    known = {}
    for ax in axes:
        handles, names = ax.get_legend_handles_labels()
        known |= dict(zip(names, handles, strict=True))
    columns = 2 if style.is_narrow() else 6
    if known:
        figure.legend(known.values(), known, loc="outside lower center", ncols=columns)
    figure.suptitle(_missing(points), fontsize=9)
    return figure


def _missing(points: list[dict]) -> str:
    """Who has no mark, and why."""
    unknown = [style.label(one["flow"]) for one in points if not math.isfinite(one["kl"])]
    free = [
        style.label(one["flow"])
        for one in points
        if math.isfinite(one["kl"]) and not (one["seconds"] or one["gradients"])
    ]
    parts = [f"without a KL: {', '.join(unknown)}"] * bool(unknown)
    parts += [f"without a cost: {', '.join(free)}"] * bool(free)
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _mark(ax, cost: float, one: dict, low: float, look) -> None:
    value, error = max(one["kl"], low), one["se"] if math.isfinite(one["se"]) else 0.0
    bars = np.array([[min(2 * error, value - 0.5 * low)], [2 * error]])
    # At the lower edge, a triangle: the value is at most there.
    marker = look.marker if one["kl"] > low else "v"
    ax.errorbar(cost, value, yerr=bars, fmt=marker, ms=6, lw=0.9, color=look.colour,
                label=style.label(one["flow"]))  # fmt: skip


def _widen(ax) -> None:
    """At least half a decade, so that a logarithmic axis has a number on it."""
    low, high = ax.get_xlim()
    if high / low < 10:
        middle = math.sqrt(low * high)
        ax.set_xlim(middle / 4, middle * 4)
