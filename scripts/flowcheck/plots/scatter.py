"""Draws in the plane: a posterior's shape, and what each approximation makes of it."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.rounding import mathtext

# An error below this share of a value changes none of the three digits that are shown.
VISIBLE_ERROR = 0.005


def plot_many_draws(exact: np.ndarray, flows: dict, families: dict, divergences: dict) -> Figure:
    """The exact posterior's draws [n, 2] and each flow's, with the flow's KL in its title.

    divergences: flow -> (KL(q|p), error), NaN where it is unknown; an error too small to change the
    digits is left out.
    """
    titles = {"ground truth: exact draws": exact}
    for flow, draws in flows.items():
        value, error = divergences[flow]
        shown = error if error > VISIBLE_ERROR * abs(value) else None
        known = f"KL = {mathtext(value, shown)}" if np.isfinite(value) else "no KL"
        titles[f"{style.label(flow)}: {known}"] = draws
    colours = [style.TRUTH, *(style.looks(families)[flow].colour for flow in flows)]
    return _scatter(titles, colours, area=1.2, alpha=0.25)


def _scatter(titles: dict, colours: list, area: float, alpha: float) -> Figure:
    columns = 2 if len(titles) <= 4 else 4
    figure, axes = style.panels(len(titles), columns, (3.9, 3.4), sharex=True, sharey=True)
    x_limits, y_limits = limits(list(titles.values()))
    for ax, (title, draws), tint in zip(axes, titles.items(), colours, strict=True):
        scatter(ax, draws, tint, area, alpha)
        ax.set_title(title)
        ax.set_xlim(x_limits)
        ax.set_ylim(y_limits)
    for ax in axes:
        ax.set_xlabel(r"$\theta_1$")
        ax.set_ylabel(r"$\theta_2$")
        if not style.is_narrow():
            ax.label_outer()
    return figure


def limits(draws: list[np.ndarray]) -> list[tuple[float, float]]:
    """The range of each axis that shows draws [n, 2] of several laws, with a margin.

    The outermost 0.05 % would shrink all the rest; they are drawn where they fall inside.
    """
    low, high = np.quantile(np.concatenate(draws), [0.0005, 0.9995], axis=0)
    margin = 0.08 * (high - low)
    return list(zip(low - margin, high + margin, strict=True))


def scatter(ax, draws: np.ndarray, tint, area: float, alpha: float) -> None:
    """Draws [n, 2] as dots of `area` square points."""
    x, y = draws[:, 0], draws[:, 1]
    ax.scatter(x, y, s=area, color=tint, alpha=alpha, linewidths=0, rasterized=True)
