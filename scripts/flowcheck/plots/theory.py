"""Figures of the statements proved in the appendix: what is predicted is dashed."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flowcheck.plots import style

# Steps of the left panel, in which the fast kernels are done.
FEW_STEPS = 120
MARKERS = "osD^vP*X"
COLOURS = {"identity": "0.75", "reflection": "0.25", "constant": "C1"}
DASHES = (0, (3, 3))
# The multi-sample panels reach this factor beyond the gaps that they show.
MARGIN = 2.5


def plot_contraction(table: pd.DataFrame, rates: dict[str, float]) -> Figure:
    """KL against the step under each kernel; rates: kernel -> the factor predicted for a step.

    table: columns kernel, step, kl.
    """
    figure, (left, right) = style.panels(2, 2, (4.9, 4.0), sharey=True)
    for number, kernel in enumerate(sorted(table["kernel"].unique())):
        ours = table[table["kernel"] == kernel]
        step, kl = ours["step"].to_numpy(), ours["kl"].to_numpy()
        tint, flat = COLOURS.get(kernel, f"C{number % 6}"), kl[-1] == kl[0]
        # Kernels that change nothing lie on one another: the first is drawn wide.
        width = 4.0 if kernel == "identity" else 1.6
        for ax in (left, right):
            ax.plot(step, kl, color=tint, lw=width, label=kernel, alpha=0.9)
            if len(step) > 2 and not flat:
                ax.plot(step, _asymptote(step, kl, rates[kernel]), color="black", lw=1, ls=DASHES)
        if len(step) == 2:
            left.plot(step, kl, "o", color=tint, ms=4)
    left.set_xlim(-2, FEW_STEPS)
    right.set_xlim(0, table["step"].max())
    left.plot([], [], color="black", lw=1, ls=DASHES, label="predicted rate")
    left.set_yscale("log")
    left.set_ylim(1e-27, 1e3)
    style.label_y([left, right], r"KL$(q_t\|p)$, nats")
    left.legend(loc="lower left", fontsize=8)
    left.set_title("the first steps")
    right.set_title("all steps")
    for ax in (left, right):
        ax.set_xlabel("step t")
        ax.grid(True)
    return figure


def plot_multisample(gaps: pd.DataFrame, families: dict[str, str]) -> Figure:
    """log p(y) - L_K against K, a panel for each target; families: flow -> family.

    gaps: columns target, flow, replicate, k, gap, estimate, estimate_se, predicted; all replicates
    are averaged, and their estimates' errors are independent. A flow without a known variance in
    any replicate has no predicted line.
    """
    targets = sorted(gaps["target"].unique())
    figure, axes = style.panels(len(targets), 3, (4.6, 4.2))
    for ax, target in zip(axes, targets, strict=True):
        here = gaps[gaps["target"] == target]
        means = here.groupby(["flow", "k"])[["gap", "estimate", "predicted"]].agg(
            lambda values: values.mean(skipna=False)
        )
        means["se"] = here.groupby(["flow", "k"])["estimate_se"].agg(
            lambda errors: np.sqrt(np.sum(errors**2)) / len(errors)
        )
        low, high = means["gap"].min() / MARGIN, means["gap"].max() * MARGIN
        for number, flow in enumerate(sorted(here["flow"].unique())):
            tint = style.looks(families)[flow].colour if flow in families else f"C{3 + number}"
            _plot_gap(ax, means.loc[flow], low, tint, MARKERS[number % len(MARKERS)], flow)
        ax.plot([], [], color="0.3", lw=1.2, label="exact")
        ax.errorbar([], [], [], color="0.3", marker="o", ms=4.5, lw=0, elinewidth=1.2,
                    label="estimate ± 2 s.e.")  # fmt: skip
        if means["predicted"].notna().any():
            ax.plot([], [], color="0.3", lw=1.2, ls=DASHES, label=r"Var$(w/p(y))\,/\,2K$")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        ax.set_title(target)
        ax.set_xlabel("samples K")
        ax.grid(True)
        ax.legend(loc="lower left", fontsize=8)
    style.label_y(axes, r"$\log p(y) - L_K$, nats")
    return figure


def _plot_gap(ax, ours: pd.DataFrame, low: float, tint: str, marker: str, flow: str) -> None:
    """One flow's exact gap, its estimates with two standard errors, and its prediction."""
    k, estimate, error = ours.index.to_numpy(), ours["estimate"].to_numpy(), 2 * ours["se"]
    ax.plot(k, ours["gap"], color=tint, lw=1.2)
    # A logarithmic axis has no place for zero: a bar that reaches below the axis ends at its edge.
    bottom = np.maximum(estimate - error, low)
    ax.vlines(k, bottom, np.maximum(estimate + error, low), color=tint, lw=1.2)
    ax.plot(k, estimate, marker, color=tint, ms=4.5, ls="", label=style.label(flow))
    leaves = (estimate - error).to_numpy() < low
    ax.plot(k[leaves], np.full(leaves.sum(), 1.25 * low), "v", color=tint, ms=6)
    ax.plot(k, ours["predicted"], color=tint, lw=1.2, ls=DASHES)


def plot_gradients(table: pd.DataFrame) -> Figure:
    """Left: both estimators' variance against the iteration; right: against the KL reached.

    table: columns iteration, estimator, variance, kl.
    """
    figure, (left, right) = style.panels(2, 2, (4.6, 3.8), sharey=True)
    names = {"total": ("total gradient", "C1", "o"), "path": ("path gradient", "C2", "s")}
    for estimator, (text, tint, marker) in names.items():
        ours = table[table["estimator"] == estimator]
        # Iteration 0 has no place on a log axis: it is drawn beside the first.
        left.plot(
            ours["iteration"].clip(lower=0.5), ours["variance"], marker=marker, color=tint, ms=4
        )
        right.plot(ours["kl"], ours["variance"], marker=marker, color=tint, ms=4, lw=0, label=text)
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.grid(True)
    right.invert_xaxis()
    left.set_xlabel("iteration")
    right.set_xlabel(r"KL$(q\|p)$ reached, nats")
    style.label_y([left, right], "trace of the gradient's covariance")
    right.legend(loc="lower left")
    return figure


def _asymptote(step: np.ndarray, kl: np.ndarray, rate: float) -> np.ndarray:
    """The line of the predicted slope through the last value."""
    return np.exp(np.log(kl[-1]) + (step - step[-1]) * np.log(rate))
