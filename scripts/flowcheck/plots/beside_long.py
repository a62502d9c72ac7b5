"""A few draws of each approximation, next to the long Hamiltonian Monte Carlo run."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.plots.scatter import limits, scatter

SHORT_COLOUR = "0.35"
WIDTH = 10.0  # inches: 1600 pixels at the style's resolution
LARGE = 1.9  # the long run's panel, in widths of a small one


def plot_beside_long(short: np.ndarray, flows: dict, long: np.ndarray, families: dict) -> Figure:
    """A few draws [n, 2] of HMC's short run and of each flow, in two rows, and the long run.

    short, long: draws of the two runs, [n, 2] and [m, 2]; flows: flow -> draws [n, 2]; families:
    flow -> family. With three flows this is the 2 x 2 panel that the problem set asks for, with
    what it approximates to its right, as tall as both rows. All panels share their axes. The long
    run's is the last; a narrow figure has all panels under one another.
    """
    titles = {"HMC, the short run": short} | {style.label(flow): x for flow, x in flows.items()}
    looks = style.looks(families)
    colours = [SHORT_COLOUR, *(looks[flow].colour for flow in flows)]
    figure, small, large = _panels(len(titles))
    for ax, (title, draws), tint in zip(small, titles.items(), colours, strict=True):
        scatter(ax, draws, tint, area=5.0, alpha=0.7)
        ax.set_title(title)
    scatter(large, long, style.TRUTH, area=1.2, alpha=0.25)
    large.set_title(f"HMC, the long run: {len(long):,} draws")
    x_limits, y_limits = limits([*titles.values(), long])
    for ax in (*small, large):
        ax.set_xlim(x_limits)
        ax.set_ylim(y_limits)
    return figure


def _panels(count: int) -> tuple[Figure, list, object]:
    """A figure of `count` small axes and one large one, the outer of which name the parameters."""
    if style.is_narrow():
        figure, axes = style.panels(count + 1, 1, (3.9, 3.4))
        for ax in axes:
            ax.set_xlabel(r"$\theta_1$")
            ax.set_ylabel(r"$\theta_2$")
        return figure, axes[:-1], axes[-1]
    columns = -(-count // 2)
    figure = Figure(figsize=(WIDTH, 2.2 * WIDTH / (columns + LARGE)))
    grid = figure.add_gridspec(2, columns + 1, width_ratios=[1] * columns + [LARGE])
    small = []
    for place in range(count):
        row, column = divmod(place, columns)
        ax = figure.add_subplot(grid[row, column])
        lowest = place + columns >= count  # the second row may be one panel short
        ax.tick_params(labelbottom=lowest, labelleft=column == 0)
        ax.set_xlabel(r"$\theta_1$" if lowest else "")
        ax.set_ylabel(r"$\theta_2$" if column == 0 else "")
        small.append(ax)
    large = figure.add_subplot(grid[:, columns])
    large.set_xlabel(r"$\theta_1$")
    large.tick_params(labelleft=False)
    return figure, small, large
