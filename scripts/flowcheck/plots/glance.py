"""What the project does, at a glance: a posterior, what flows make of it, how far each is off."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.plots.density import regions
from flowcheck.plots.overview import shade
from flowcheck.plots.scatter import limits
from flowcheck.rounding import mathtext

WIDTH = 10.0  # inches: 1600 pixels at the style's resolution
HIGHEST = 0.1
# The posterior's regions that are drawn around each flow's draws hold so much of it.
MASSES = (0.95, 0.5)
BINS = 60


def plot_glance(study: dict[str, np.ndarray], families: dict, bands: list) -> Figure:
    """Draws of the truth and of each flow above one axis of their divergences from it.

    study: exact [N, 2]; flows [F], names; draws [F, n, 2], of each one's first replicate; kl
    [F, R]; floor, the standard deviation of the nearest-neighbour estimate where KL is zero.
    bands: (word, upper limit in nats) from the best, the last without a limit.
    """
    names = [str(name) for name in study["flows"]]
    looks = style.looks(families)
    narrow = style.is_narrow()
    figure, panels, axis = _layout(len(names) + 1, narrow)
    box = limits([study["exact"]])
    contours = regions(*study["exact"].T, box, MASSES, BINS)
    _draws(panels[0], study["exact"][: study["draws"].shape[1]], style.TRUTH, box)
    panels[0].set_title("the posterior, exactly", fontweight="bold")
    for ax, name, draws, kl in zip(panels[1:], names, study["draws"], study["kl"], strict=True):
        _draws(ax, draws, looks[name].colour, box)
        ax.contour(*contours, colors="black", linewidths=0.8)
        spread = kl.std(ddof=1) if len(kl) > 1 else None
        ax.set_title(f"{style.label(name)}\nKL = {mathtext(kl.mean(), spread)}")
    _divergences(axis, study, names, looks, bands, narrow)
    return figure


def _layout(count: int, narrow: bool) -> tuple[Figure, list, object]:
    columns = 2 if narrow else count
    rows = -(-count // columns)
    width = style.NARROW_WIDTH if narrow else WIDTH
    height = 1.1 * width / columns * rows + 2.1
    figure = Figure(figsize=(width, height))
    grid = figure.add_gridspec(
        rows + 1, columns, height_ratios=[*[1.0] * rows, 2.0 / (height - 2.1) * rows]
    )
    panels = [figure.add_subplot(grid[i // columns, i % columns]) for i in range(count)]
    for ax in panels:
        ax.set(xticks=[], yticks=[], xlabel=r"$\theta_1$")
    panels[0].set_ylabel(r"$\theta_2$")
    return figure, panels, figure.add_subplot(grid[rows, :])


def _draws(ax, draws: np.ndarray, colour, box) -> None:
    ax.scatter(*draws.T, s=2.5, color=colour, alpha=0.3, linewidths=0, rasterized=True)
    ax.set(xlim=box[0], ylim=box[1])


def _divergences(ax, study: dict, names: list, looks: dict, bands: list, narrow: bool) -> None:
    low = study["kl"].min() / 3
    shade(ax, bands, low, HIGHEST, step=0.05, top=1.03, fontsize=9)
    for row, (name, kl) in enumerate(zip(names, study["kl"], strict=True)):
        spread = np.linspace(-0.2, 0.2, len(kl)) if len(kl) > 1 else [0.0]
        ax.plot(kl, row + np.array(spread), looks[name].marker, ms=5, mew=0, alpha=0.85,
                color=looks[name].colour)  # fmt: skip
    floor = float(study["floor"])
    ax.axvline(floor, color="0.2", ls=(0, (4, 2)), lw=1.2)
    ax.annotate("one sd of the usual\nestimate's noise ", (floor, len(names) - 0.55), ha="right",
                va="bottom", fontsize=8.5, xytext=(-4, 0), textcoords="offset points")  # fmt: skip
    ax.set(xscale="log", xlim=(low, HIGHEST), ylim=(len(names) - 0.5, -0.5))
    ax.set_yticks(range(len(names)), [style.label(name) for name in names])
    ax.tick_params(axis="y", length=0)
    said = "nats from the posterior, by quadrature, one mark per seed"
    ax.set_xlabel(rf"KL$(q\|p)$, {'nats' if narrow else said}")
