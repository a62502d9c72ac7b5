"""A forest plot of moments: errors of means, and ratios of standard deviations."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from flowcheck.named_draws import worst_parameters
from flowcheck.plots import style

MOST_PARAMETERS = 20
NARROW_PARAMETERS = 10


def plot_moments(moments: pd.DataFrame, families: dict, note: str = "") -> Figure:
    """Rows are parameters, the worst where there are too many; columns are mean and sd.

    moments: a target's moments.csv. Marks are means over replicates; a bar reaches two standard
    errors of one replicate's mean either way, the truth's own included; small dots are the
    replicates. Where no truth is known, means are shown as they differ from the first
    approximation's, in its standard deviations, and so are the ratios.
    """
    shown = worst_parameters(moments, NARROW_PARAMETERS if style.is_narrow() else MOST_PARAMETERS)
    errors, reference = mean_errors(moments)
    names = [name for name in sorted(errors["approximation"].unique()) if name != "hmc"]
    looks = style.looks(families)
    rows = {parameter: row for row, parameter in enumerate(shown)}
    height = 1.6 + max(0.26, 0.11 * (len(names) + 1)) * len(shown)
    if style.is_narrow():
        height = max(height, 2.4)
    figure, (left, right) = style.panels(2, 2, (4.9, height), sharey=True)
    places = np.linspace(-0.28, 0.28, len(names) + 1) if names else [0.0]
    for place, name in zip(places, [*names, "hmc"], strict=False):
        ours = errors[(errors["approximation"] == name) & errors["parameter"].isin(shown)]
        if ours.empty:
            continue
        look = looks.get(name, style.Look(style.HMC, "-", "x"))
        text = "HMC" if name == "hmc" else style.label(name)
        _draw(left, right, ours, rows, place, look, text)
    _finish(figure, left, right, rows, reference)
    total = moments["parameter"].nunique()
    if total > len(shown):
        note = f"the {len(shown)} worst of {total} parameters\n{note}".strip()
    figure.suptitle(note, fontsize=10)
    return figure


def mean_errors(moments: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table with columns error and error_se in posterior sds and ratio, and what they are of.

    Rows of `truth` are left out; the second result names the reference.
    """
    truth = moments[moments["approximation"] == "truth"].set_index("parameter")
    others = moments[moments["approximation"] != "truth"].copy()
    known = len(truth) > 0 and truth["sd"].notna().any()
    if known:
        reference, name = truth, "the truth"
        others["error"], others["ratio"] = others["mean_error"], others["sd_ratio"]
    else:
        name = min(set(others["approximation"]) - {"hmc"})
        first = others[(others["approximation"] == name) & (others["replicate"] == 0)]
        reference = first.set_index("parameter")
        centre, sd = (others["parameter"].map(reference[key]) for key in ("mean", "sd"))
        others["error"], others["ratio"] = (others["mean"] - centre) / sd, others["sd"] / sd
    sd = others["parameter"].map(reference["sd"])
    own, its = others["mean_se"].fillna(0), others["parameter"].map(reference["mean_se"]).fillna(0)
    others["error_se"] = np.hypot(own, its) / sd
    return others, name


def _draw(left, right, ours: pd.DataFrame, rows: dict, place: float, look, text: str) -> None:
    row = ours["parameter"].map(rows) + place
    replicates = ours["replicate"].nunique()
    if replicates > 1:
        for ax, column in ((left, "error"), (right, "ratio")):
            ax.plot(ours[column], row, ".", ms=2.5, color=look.colour, alpha=0.6)
    mean = ours.groupby("parameter")[["error", "error_se", "ratio"]].mean()
    at = mean.index.map(rows).to_numpy() + place
    bars = 2 * mean["error_se"]
    left.errorbar(mean["error"], at, xerr=bars, fmt=look.marker, ms=4, lw=0.8, color=look.colour)
    right.plot(mean["ratio"], at, look.marker, ms=4, color=look.colour, label=text)


def _finish(figure, left, right, rows: dict, reference: str) -> None:
    for ax, middle in ((left, 0.0), (right, 1.0)):
        ax.axvline(middle, color=style.TRUTH, lw=1.0)
        ax.grid(True, axis="x")
        ax.set_yticks(range(len(rows)), list(rows))
        ax.tick_params(axis="y", labelsize=9, length=0)
        ax.set_ylim(len(rows) - 0.4, -0.6)
    # Sixteen inches of outliers would hide everything else: beyond ten sds the axis is a power.
    left.set_xscale("symlog", linthresh=1.0, linscale=2.0) if _wide(left) else None
    right.set_xscale("log")
    right.xaxis.set_major_locator(MaxNLocator(5))
    right.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    right.xaxis.set_minor_formatter(NullFormatter())
    left.set_xlabel(f"(mean − that of {reference}) / its sd")
    right.set_xlabel(f"sd / that of {reference}")
    columns = 2 if style.is_narrow() else 6
    figure.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


def _wide(ax) -> bool:
    low, high = ax.get_xlim()
    return max(-low, high) > 10
