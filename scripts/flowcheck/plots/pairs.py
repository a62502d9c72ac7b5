"""Pairs of parameters: where the truth's draws lie, and the regions of each approximation."""

import math

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.plots.density import curve, regions, span

# Regions that hold this much of an approximation's draws, outermost last.
MASSES = (0.5, 0.95)
POINTS = 600
# As many parameters as a phone can show.
NARROW_PARAMETERS = 3
# The more approximations lie in a plane, the larger planes must be to tell them apart, and the
# fewer: this many regions in all.
REGIONS = 100


def plot_pairs(truth: dict, approximations: dict, families: dict, note: str = "") -> Figure:
    """A triangle of planes with the marginal densities along its diagonal.

    Draws are arrays [chain, draw] by parameter. truth: {} where there are none; its draws are
    grey points and its regions black. Of each approximation, all replicates are pooled.
    families: of every approximation of the study; note: what the title says. Two parameters are
    one plane. A narrow figure shows the first three parameters, a wide one fewer where there are
    many approximations.
    """
    truth = _pooled(truth)
    approximations = {name: _pooled(draws) for name, draws in approximations.items()}
    parameters = list(truth or next(iter(approximations.values())))
    most = NARROW_PARAMETERS if style.is_narrow() else _readable(len(approximations))
    if len(parameters) > most:
        note = f"the first {most} of {len(parameters)} parameters\n{note}".strip()
        parameters = parameters[:most]
    looks = style.looks(families)
    shown = [truth] if truth else list(approximations.values())
    spans = {name: span([draws[name] for draws in shown]) for name in parameters}
    if len(parameters) == 2:
        figure, grid = _plane()
    else:
        figure, grid = _triangle(parameters, truth, approximations, looks, spans)
    for (row, column), ax in grid.items():
        names = parameters[column], parameters[row]
        _draw_plane(ax, names, [spans[name] for name in names], truth, approximations, looks)
        if (row + 1, column) not in grid:
            ax.set_xlabel(parameters[column])
        if column == 0:
            ax.set_ylabel(parameters[row])
        ax.label_outer()
    _legend(figure, len(parameters), bool(truth), approximations, looks)
    title = [note] if truth else ["Approximations alone: no truth to compare with", note]
    figure.suptitle("\n".join(filter(None, title)), fontsize=10)
    return figure


def _pooled(draws: dict) -> dict[str, np.ndarray]:
    return {name: values.ravel() for name, values in draws.items()}


def _readable(approximations: int) -> int:
    """Parameters of a wide figure: those of a triangle of about REGIONS regions."""
    planes = max(REGIONS / (approximations + 1), 1)
    return max(NARROW_PARAMETERS, int(0.5 + math.sqrt(0.25 + 2 * planes)))


def _plane() -> tuple[Figure, dict]:
    figure, (ax,) = style.panels(1, 1, (5.2, 4.4))
    return figure, {(1, 0): ax}


def _triangle(parameters, truth, approximations, looks, spans) -> tuple[Figure, dict]:
    """The figure with its diagonal drawn, and the axes below it by (row, column)."""
    count = len(parameters)
    side = style.NARROW_WIDTH if style.is_narrow() else min(9.8, 1.5 * count + 1.0)
    figure = Figure(figsize=(side, side))
    axes = figure.subplots(count, count, squeeze=False)
    for number, parameter in enumerate(parameters):
        for unused in axes[number, number + 1 :]:
            unused.set_axis_off()
        ax, (low, high) = axes[number, number], spans[parameter]
        if truth:
            x, density = curve(truth[parameter], low, high)
            ax.fill_between(x, density, color="0.82", linewidth=0)
            ax.plot(x, density, color=style.TRUTH, lw=0.9)
        for name, draws in approximations.items():
            x, density = curve(draws[parameter], low, high)
            ax.plot(x, density, color=looks[name].colour, ls=looks[name].dashes, lw=1.0)
        ax.set(yticks=[], ylim=(0, None), xlim=(low, high), title=parameter)
        ax.title.set_fontsize(9)
        ax.spines["left"].set_visible(False)
        ax.tick_params(labelbottom=number == count - 1)
        _few_ticks(ax.xaxis)
    grid = {(row, column): axes[row, column] for row in range(count) for column in range(row)}
    return figure, grid


def _draw_plane(ax, names, box, truth, approximations, looks) -> None:
    if truth:
        x, y = (truth[name] for name in names)
        # Evenly spaced, so that all chains are in the sample.
        some = np.linspace(0, x.size - 1, min(POINTS, x.size)).astype(int)
        ax.scatter(x[some], y[some], s=1.2, color="black", alpha=0.22, lw=0, rasterized=True)
        _contours(ax, x, y, box, style.TRUTH, "-")
    for name, draws in approximations.items():
        x, y = (draws[parameter] for parameter in names)
        _contours(ax, x, y, box, looks[name].colour, looks[name].dashes)
    ax.set(xlim=box[0], ylim=box[1])
    _few_ticks(ax.xaxis)
    _few_ticks(ax.yaxis)


def _contours(ax, x, y, box, colour, dashes) -> None:
    columns, rows, density, levels = regions(x, y, box, MASSES)
    if levels:
        ax.contour(columns, rows, density, levels, colors=[colour], linewidths=0.9,
                   linestyles=[dashes])  # fmt: skip


def _few_ticks(axis) -> None:
    axis.get_major_locator().set_params(nbins=3)
    axis.set_tick_params(labelsize=8)


def _legend(figure, count: int, has_truth: bool, names, looks: dict) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=style.TRUTH, label="the truth")] if has_truth else []
    handles += [
        Line2D([], [], color=looks[name].colour, ls=looks[name].dashes, label=style.label(name))
        for name in names
    ]
    if count == 2 or style.is_narrow():
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    else:  # the upper triangle is free
        figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.98, 0.93), fontsize=11)
