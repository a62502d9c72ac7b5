"""ELBO against iteration: every replicate of every flow, on an axis that shows every scale."""

import pandas as pd
from matplotlib.figure import Figure

from flowcheck.plots import style

# Within this many nats of the evidence the axis is linear: estimates scatter about the truth, and a
# logarithm has no place for those above it.
LINEAR_NATS = 1e-4
TICKS = (-1000, -100, -10, -1, -0.1, -0.01, -0.001, -0.0001, 0, 0.0001, 0.001)


def plot_elbo(
    histories: dict[str, pd.DataFrame],
    families: dict,
    log_evidence: float | None,
    log_evidence_se: float = 0.0,
) -> Figure:
    """histories: per flow, columns iteration, replicate, elbo; families: flow -> family.

    The evidence is drawn as a band of two errors either way; where it is None, the ELBO itself is.
    """
    figure, axes = style.panels(len(histories), 3, (3.2, 3.4), sharey=True)
    looks = style.looks(families)
    for ax, (flow, history) in zip(axes, histories.items(), strict=True):
        replicates = history.groupby("replicate")
        for _, one in replicates:
            gap = one["elbo"] - (log_evidence or 0.0)
            ax.plot(one["iteration"], gap, color=looks[flow].colour, lw=0.9, alpha=0.7)
        ax.set_xscale("log")
        ax.grid(True)
        if log_evidence is None:
            ax.set_yscale("symlog", linthresh=1.0)
        else:
            _draw_evidence(ax, log_evidence, log_evidence_se)
        ax.set_title(f"{style.label(flow)} ({replicates.ngroups} replicates)")
        ax.set_xlabel("iteration")
    style.label_y(axes, "ELBO, nats" if log_evidence is None else r"ELBO $-\ \log p(y)$, nats")
    return figure


def _draw_evidence(ax, log_evidence: float, log_evidence_se: float) -> None:
    ax.axhline(0.0, color=style.TRUTH, lw=1.2)
    if log_evidence_se > LINEAR_NATS / 10:
        ax.axhspan(-2 * log_evidence_se, 2 * log_evidence_se, color="0.85", lw=0, zorder=0)
    ax.text(1, 0, rf"$\log p(y) = {log_evidence:.6f}$", fontsize=8, va="bottom")
    ax.set_yscale("symlog", linthresh=LINEAR_NATS, linscale=0.6)
    ax.set_ylim(2 * TICKS[0], TICKS[-1])
    ax.set_yticks(TICKS, [f"{tick:+g}".replace("-", "−") if tick else "0" for tick in TICKS])
