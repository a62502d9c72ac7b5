"""The trace of a chain that failed: its worst coordinate, draw by draw."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style

CHAINS = 8


def worst_coordinate(draws: dict[str, np.ndarray]) -> str:
    """The coordinate whose chains [chain, draw] disagree most: between their variance and within.

    It is the ratio from which R-hat starts (Gelman & Rubin, 1992); no limit is read off it here.
    """

    def disagreement(values: np.ndarray) -> float:
        within = values.var(axis=1).mean()
        between = values.mean(axis=1).var()
        return between / within if within > 0 else np.inf * between if between > 0 else -1.0

    scores = {name: disagreement(values) for name, values in draws.items()}
    return max(scores, key=lambda name: np.nan_to_num(scores[name], nan=np.inf))


def plot_traces(draws: dict[str, np.ndarray], passed: bool) -> Figure:
    """Some chains of the worst coordinate: against the draw, and each chain's own distribution.

    draws: [chain, draw] by coordinate. The chains are those at even steps from the one with the
    smallest mean to the one with the largest.
    """
    name = worst_coordinate(draws)
    values = draws[name]
    order = np.argsort(values.mean(axis=1), kind="stable")
    picked = order[np.unique(np.linspace(0, len(order) - 1, min(CHAINS, len(order))).astype(int))]
    figure, (left, right) = style.panels(2, 2, (4.9, 3.0), width_ratios=(1.9, 1))
    bins = np.histogram_bin_edges(values[picked], 40)
    for number, chain in enumerate(picked):
        tint = f"C{number % 6}"
        left.plot(values[chain], lw=0.5, color=tint, alpha=0.8)
        right.hist(values[chain], bins, histtype="step", color=tint, orientation="horizontal")
    left.set(xlabel="draw", ylabel=name)
    right.set(xlabel="draws of each chain", ylabel=name if style.is_narrow() else "")
    words = "the verdict passed" if passed else "the verdict FAILED"
    figure.suptitle(f"{name}, {len(picked)} of {len(order)} chains: {words}", fontsize=10)
    return figure
