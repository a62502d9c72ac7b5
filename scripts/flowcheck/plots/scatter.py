"""Draws in the plane: a posterior's shape, and what each approximation makes of it."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.rounding import mathtext

HMC_COLOUR = "0.35"
# An error below this share of a value changes none of the three digits that are shown.
VISIBLE_ERROR = 0.005


def plot_few_draws(hmc: np.ndarray, flows: dict, families: dict) -> Figure:
    """A few draws [n, 2] of each flow beside as many of Hamiltonian Monte Carlo.

    flows: flow -> draws; of more than two coordinates the first two are drawn.
    """
    titles = {"HMC, the short run": hmc} | {style.label(flow): x for flow, x in flows.items()}
    colours = [HMC_COLOUR, *(style.looks(families)[flow].colour for flow in flows)]
    return _scatter(titles, colours, area=5.0, alpha=0.7)


def plot_many_draws(exact: np.ndarray, flows: dict, families: dict, divergences: dict) -> Figure:
    """The exact posterior's draws [n, 2] and each flow's, with the flow's KL in its title.

    divergences: flow -> (KL(q|p), error); an error too small to change the digits is left out.
    """
    titles = {"ground truth: exact draws": exact}
    for flow, draws in flows.items():
        value, error = divergences[flow]
        shown = error if error > VISIBLE_ERROR * abs(value) else None
        titles[f"{style.label(flow)}: KL = {mathtext(value, shown)}"] = draws
    colours = [style.TRUTH, *(style.looks(families)[flow].colour for flow in flows)]
    return _scatter(titles, colours, area=1.2, alpha=0.25)


def _scatter(titles: dict, colours: list, area: float, alpha: float) -> Figure:
    columns = 2 if len(titles) <= 4 else 4
    figure, axes = style.panels(len(titles), columns, (3.9, 3.4), sharex=True, sharey=True)
    everything = np.concatenate(list(titles.values()))
    # The outermost 0.05 % would shrink all the rest; they are drawn where they fall inside.
    low, high = np.quantile(everything, [0.0005, 0.9995], axis=0)
    margin = 0.08 * (high - low)
    for ax, (title, draws), tint in zip(axes, titles.items(), colours, strict=True):
        x, y = draws[:, 0], draws[:, 1]
        ax.scatter(x, y, s=area, color=tint, alpha=alpha, linewidths=0, rasterized=True)
        ax.set_title(title)
        ax.set_xlim(low[0] - margin[0], high[0] + margin[0])
        ax.set_ylim(low[1] - margin[1], high[1] + margin[1])
    for ax in axes:
        ax.set_xlabel(r"$\theta_1$")
        ax.set_ylabel(r"$\theta_2$")
        if not style.is_narrow():
            ax.label_outer()
    return figure
