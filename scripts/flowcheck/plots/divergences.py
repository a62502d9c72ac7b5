"""The table of divergences as a figure: both directions, and an estimate with its noise floor."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.rounding import mathtext

MARKERS = {"kl": ("o", r"KL$(q\|p)$"), "kl_forward": ("D", r"KL$(p\|q)$")}


# Families whose Jacobian determinant is a constant.
CONSTANT_JACOBIAN = ("nice",)


def plot_divergences(
    table: pd.DataFrame, floor: pd.DataFrame, families: dict, least: float | None = None
) -> Figure:
    """table: a target's divergence.csv; floor: its knn_floor.csv; families: flow -> family.

    least: the least KL(q|p) that a flow with a constant Jacobian determinant can reach, in nats,
    drawn in the rows of such flows; None where it is unknown.

    Bars reach two errors either way: of a divergence by quadrature they are too short to be seen.
    """
    flows, looks = sorted(table["flow"].unique()), style.looks(families)
    noise = floor.loc[floor["pair"] == "exact-exact", "kl_knn"]
    low, high = noise.mean() - 1.96 * noise.std(), noise.mean() + 1.96 * noise.std()
    exact = table[[*MARKERS]].to_numpy()
    # Monte Carlo error can leave a value, or the end of its bar, below zero, where a log axis has
    # no place: it is drawn at half the smallest positive value, beyond the axis for a bar.
    smallest = exact[(exact > 0) & np.isfinite(exact)].min(initial=np.inf)
    largest = exact[np.isfinite(exact)].max(initial=0.0)
    if not smallest <= largest:  # nothing was resolved
        smallest, largest = 1e-6, 1.0
    size = (4.8, 2.2 + 0.62 * len(flows))
    figure, (left, right) = style.panels(2, 2, size, sharey=True, width_ratios=(1.5, 1))
    # Replicates of one row are spread a little, so that equal values do not hide one another.
    for row, flow in enumerate(flows):
        ours = table[table["flow"] == flow]
        tint = looks[flow].colour
        spread = np.linspace(-0.12, 0.12, len(ours))
        for shift, (column, (marker, _)) in zip((0.16, -0.16), MARKERS.items(), strict=True):
            filled = tint if column == "kl" else "white"
            drawn, error = ours[column].clip(lower=smallest / 2), 2 * ours[f"{column}_se"]
            place = row + shift + spread * 0.6
            left.hlines(place, (drawn - error).clip(lower=smallest / 10), drawn + error, color=tint)
            left.plot(drawn, place, marker, ms=5, mec=tint, mfc=filled, ls="")
        right.plot(ours["kl_knn"], row + spread, "s", ms=4.5, color=tint, ls="")
        right.plot([ours["kl"].mean()] * 2, [row - 0.32, row + 0.32], color=style.TRUTH, lw=1.6)
    rows = [row for row, flow in enumerate(flows) if families[flow] in CONSTANT_JACOBIAN]
    if least is not None and rows:
        ends = [(row - 0.4, row + 0.4) for row in rows]
        left.vlines([least] * len(rows), *zip(*ends, strict=True), color=style.TRUTH, ls=":")
        words = r"smallest KL$(q\|p)$ at constant $|J|$"
        left.plot([], [], color=style.TRUTH, ls=":", label=words)
    left.axvspan(1e-12, high, color="0.92", zorder=0)
    right.axvspan(low, high, color="0.92", zorder=0)
    left.set_xscale("log")
    left.set_xlim(smallest / 3, largest * 3)
    left.set_yticks(range(len(flows)), [_row_label(table, flow) for flow in flows])
    left.set_ylim(len(flows) - 0.45, -0.55)
    left.set_xlabel("divergence, nats")
    right.set_xlabel("nearest-neighbour estimate, nats")
    for marker, text in MARKERS.values():
        filled = "0.3" if marker == "o" else "white"
        left.plot([], [], marker, color="0.3", mfc=filled, ls="", label=text)
    right.plot([], [], "s", color="0.3", ls="", label=r"estimate of KL$(q\|p)$")
    right.plot([], [], color=style.TRUTH, lw=1.6, label=r"KL$(q\|p)$, mean")
    right.fill_between([], [], color="0.85", label="estimator's floor, 95 %")
    # On a phone a panel is narrower than its legend and its label, which then begin further left.
    corner = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
    if style.is_narrow():
        corner = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)}
        right.set_xlabel(right.get_xlabel(), loc="right")
    for ax in (left, right):
        ax.grid(True, axis="x")
        ax.legend(**corner)
    return figure


def _row_label(table: pd.DataFrame, flow: str) -> str:
    values = table.loc[table["flow"] == flow, "kl"]
    if values.isna().all():
        return f"{style.label(flow)}\nno KL"
    spread = values.std() if len(values) > 1 else None
    return f"{style.label(flow)}\n{mathtext(values.mean(), spread)}"
