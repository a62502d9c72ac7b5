"""The bench's figures: tables in, a Figure out, in the study's own style."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bench import slopes
from bench.render import MODES, title
from bench.whole import COMPILED_BEFORE
from flowcheck.plots import style

COLOURS = {"flowcheck": "C2", "plain loop": "0.45"}
OTHERS = "C0"
MODE_COLOURS = {"eager": "C0", "compiled": "C2"}
# Races of few rows each, on several posteriors: one panel for all.
SHARED = {
    "nuts": "whole runs of samplers",
    "trajectory": "flowcheck's trajectories, compiled and eager",
}
LABELS = {
    "replicates": "replicates R",
    "draws": "draws S of a gradient",
    "dimension": "dimension",
    "chains": "chains",
    "images": "images of an epoch",
}


def plot_rates(table: pd.DataFrame) -> Figure:
    """One panel per task and flow, or task: a point per row at its median, a line from min to max.

    table: bench.csv. The dotted line is the fastest variant's arithmetic floor. Rows that leave
    compiling out are in the tables alone.
    """
    table = table[table["rate"].notna() & ~table["task"].str.endswith(COMPILED_BEFORE)]
    panel = table["flow"].where(~table["task"].isin(list(SHARED)), "all")
    groups = list(table.groupby(["task", panel], sort=False))
    rows = max(len(group) for _, group in groups)
    figure, axes = style.panels(len(groups), 2, (5.0, 0.8 + 0.2 * rows))
    for ax, ((task, flow), group) in zip(axes, groups, strict=True):
        group = group.sort_values("rate")
        place = np.arange(len(group))
        tints = [COLOURS.get(name, OTHERS) for name in group["contender"]]
        ax.hlines(place, group["rate_min"], group["rate_max"], color=tints, lw=1.6)
        ax.scatter(group["rate"], place, color=tints, s=22, zorder=3)
        if group["floor"].notna().any():
            ax.axvline(group["floor"].max(), color="black", lw=1, ls=":")
        ax.set_yticks(place, [_label(row) for row in group.itertuples()], fontsize=6.5)
        ax.set_xscale("log")
        dotted = " (dotted: arithmetic alone)" if group["floor"].notna().any() else ""
        ax.set_xlabel(f"{group['unit'].iloc[0]}{dotted}", fontsize=8.5)
        ax.set_title(fill(SHARED.get(task) or title(task, flow), 30))
        ax.grid(True)
    return figure


def _label(row) -> str:
    count = f" ×{row.replicates}" if row.replicates > 1 else ""
    threads = f", {row.threads} threads" if row.threads > 1 else ""
    where = f"{row.flow.replace('_', ' ')}: " if row.task in SHARED else ""
    return f"{where}{row.contender}, {row.variant}{count}{threads}"


def plot_scaling(table: pd.DataFrame) -> Figure:
    """Small multiples, log-log: seconds against each size, the fitted line, the arithmetic alone.

    table: scaling.csv.
    """
    studies = list(table.groupby("study", sort=False))
    lines = slopes.fits(table)
    figure, axes = style.panels(len(studies), 3, (3.3, 3.1))
    for ax, (study, rows) in zip(axes, studies, strict=True):
        rows = rows.sort_values("size")
        for mode in MODES:
            ours = rows[rows["mode"] == mode]
            if len(ours):
                _draw_curve(ax, ours, mode, lines.get((study, mode)))
        floor = rows.drop_duplicates("size")
        ax.plot(
            floor["size"], floor["floor"], color="black", lw=1, ls=":", label="arithmetic alone"
        )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel(LABELS[study])
        ax.set_ylabel(rows["unit"].iloc[0])
        ax.grid(True)
        # Room for the legend above the curves.
        ax.set_ylim(top=5 * rows["seconds_max"].max())
        ax.legend(fontsize=6.5, loc="upper left")
    return figure


def _draw_curve(ax, rows: pd.DataFrame, mode: str, line: slopes.Fit | None) -> None:
    """Measured points with their range, and the line where there is one."""
    tint = MODE_COLOURS[mode]
    spread = [rows["seconds"] - rows["seconds_min"], rows["seconds_max"] - rows["seconds"]]
    text = mode
    if line is not None:
        text = f"{mode}: slope {line.first_slope:.2f} to {line.last_slope:.2f}"
        size = np.geomspace(rows["size"].min(), rows["size"].max(), 100)
        ax.plot(size, line.seconds(size), color=tint, lw=1.0, alpha=0.7)
    ax.errorbar(
        rows["size"], rows["seconds"], spread, color=tint, marker="o", ms=4, ls="", label=text
    )
