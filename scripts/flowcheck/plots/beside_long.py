"""A few draws of each approximation, with the long Hamiltonian Monte Carlo run beside them."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style

HMC_COLOUR = "0.35"
WIDTH = 10.0  # inches: 1600 pixels at the style's resolution
LARGE = 1.9  # the long run's panel, in widths of a small one
# The outermost 0.05 % would shrink all the rest; they are drawn where they fall inside.
RANGE = (0.0005, 0.9995)


def plot_beside_long(short: np.ndarray, flows: dict, long: np.ndarray, families: dict) -> Figure:
    """A few draws [n, 2] of HMC's short run and of each flow, two to a column, and the long run.

    short, long: draws of the two runs, [n, 2] and [m, 2]; flows: flow -> draws [n, 2]; families:
    flow -> family. With three flows this is the 2 x 2 panel that the problem set asks for, with
    what it approximates to its right, as tall as both rows. All panels share their axes.
    """
    titles = {"HMC, the short run": short} | {style.label(flow): x for flow, x in flows.items()}
    colours = [HMC_COLOUR, *(style.colour(families[flow]) for flow in flows)]
    columns = -(-len(titles) // 2)
    figure = Figure(figsize=(WIDTH, 2.2 * WIDTH / (columns + LARGE)))
    grid = figure.add_gridspec(2, columns + 1, width_ratios=[1] * columns + [LARGE])
    large = figure.add_subplot(grid[:, columns])
    low, high = np.quantile(np.concatenate([long, *titles.values()]), RANGE, axis=0)
    margin = 0.08 * (high - low)
    large.set_xlim(low[0] - margin[0], high[0] + margin[0])
    large.set_ylim(low[1] - margin[1], high[1] + margin[1])
    _scatter(large, long, style.TRUTH, area=1.2, alpha=0.25)
    large.set_title(f"HMC, the long run: {len(long):,} draws")
    for place, ((title, draws), tint) in enumerate(zip(titles.items(), colours, strict=True)):
        row, column = divmod(place, columns)
        ax = figure.add_subplot(grid[row, column], sharex=large, sharey=large)
        _scatter(ax, draws, tint, area=5.0, alpha=0.7)
        ax.set_title(title)
        lowest = place + columns >= len(titles)  # the second row may be one panel short
        ax.tick_params(labelbottom=lowest, labelleft=column == 0)
        ax.set_xlabel(r"$\theta_1$" if lowest else "")
        ax.set_ylabel(r"$\theta_2$" if column == 0 else "")
    large.set_xlabel(r"$\theta_1$")
    large.tick_params(labelleft=False)
    return figure


def _scatter(ax, draws: np.ndarray, tint, area: float, alpha: float) -> None:
    x, y = draws[:, 0], draws[:, 1]
    ax.scatter(x, y, s=area, color=tint, alpha=alpha, linewidths=0, rasterized=True)
