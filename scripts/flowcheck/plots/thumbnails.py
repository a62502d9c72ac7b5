"""Small pictures: each approximation's draws over the truth's, in the two worst parameters."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.plots.density import curve, span

# Draws of each side: enough for a shape, few enough to see through.
POINTS = 400
# As many as a phone shows side by side: the figure is the same on a desktop.
COLUMNS = 3


def plot_thumbnails(truth: dict, approximations: dict, families: dict, titles: dict) -> Figure:
    """A panel for each approximation; draws are arrays [chain, draw] by parameter.

    The first two parameters span the plane; where there is one, densities are drawn. truth: {}
    where there are none. Of an approximation, the first replicate is shown. families: of every
    approximation of the study; titles: the text above each panel, at least its name.
    """
    looks = style.looks({name: name for name in approximations} | families)
    drawn = {name: _points(draws) for name, draws in approximations.items()}
    behind = _points({name: values.reshape(1, -1) for name, values in truth.items()})
    reference = [behind] if behind is not None else list(drawn.values())
    names = list(truth or next(iter(approximations.values()), {}))[:2]
    if not drawn or not names:
        figure = Figure(figsize=(style.NARROW_WIDTH, 0.5))
        figure.suptitle("No approximation has draws", fontsize=8)
        return figure
    spans = [span([points[i] for points in reference]) for i in range(len(names))]
    figure, axes = _panels(len(drawn))
    for ax, (name, points) in zip(axes, drawn.items(), strict=True):
        if len(names) == 1:
            _densities(ax, points[0], behind, spans[0], looks[name])
        else:
            if behind is not None:
                _scatter(ax, behind, "black", 0.28)
            _scatter(ax, points, looks[name].colour, 0.5)
            ax.set_ylim(_with_margin(spans[1]))
        ax.set(xlim=_with_margin(spans[0]), xticks=[], yticks=[])
        ax.set_title(titles[name], fontsize=7.5)
        for spine in ax.spines.values():
            spine.set_visible(True)
            spine.set(linewidth=0.6, color="0.6")
    figure.supxlabel(names[0], fontsize=8)
    if len(names) > 1:
        figure.supylabel(names[1], fontsize=8)
    return figure


def _points(draws: dict) -> np.ndarray | None:
    """[parameters, n], evenly taken from the first chain or replicate."""
    if not draws:
        return None
    values = np.array([one[0] for one in draws.values()])[:2]
    some = np.linspace(0, values.shape[1] - 1, min(POINTS, values.shape[1])).astype(int)
    return values[:, some]


def _panels(count: int) -> tuple[Figure, list]:
    columns = min(COLUMNS, count)
    side = style.NARROW_WIDTH / COLUMNS
    rows = -(-count // columns)
    figure = Figure(figsize=(side * columns + 0.1, 1.25 * side * rows + 0.2))
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, list(axes[:count])


def _scatter(ax, points: np.ndarray, colour, alpha: float) -> None:
    ax.scatter(*points, s=1.2, color=colour, alpha=alpha, lw=0, rasterized=True)


def _densities(ax, own, behind, box, look) -> None:
    if behind is not None:
        ax.fill_between(*curve(behind[0], *box), color="0.82", linewidth=0)
    ax.plot(*curve(own, *box), color=look.colour, ls=look.dashes, lw=1.2)


def _with_margin(box: tuple[float, float]) -> tuple[float, float]:
    margin = 0.08 * (box[1] - box[0])
    return box[0] - margin, box[1] + margin
