"""Marginal densities, parameter by parameter: the truth filled, each approximation over it."""

import numpy as np
from matplotlib.figure import Figure

from flowcheck.plots import style
from flowcheck.plots.density import curve, span

NO_TRUTH = "no truth to compare with"


def plot_marginals(truth: dict, approximations: dict, families: dict, note: str = "") -> Figure:
    """A panel for each parameter; draws are arrays [chain, draw] by the parameter's name.

    truth: draws by parameter, {} where there are none; approximations: name -> draws by
    parameter, a chain for each replicate and a line for each chain; families: of every
    approximation of the study, name -> family; note: what else the figure's title says.
    """
    parameters = list(next(iter([truth, *approximations.values()] if truth else
                                approximations.values())))  # fmt: skip
    looks = style.looks(families)
    figure, axes = style.panels(len(parameters), 4, (2.45, 2.0))
    for ax, parameter in zip(axes, parameters, strict=True):
        shown = [one[parameter].ravel() for one in approximations.values()]
        low, high = span([truth[parameter].ravel()] if truth else shown)
        if truth:
            x, density = curve(truth[parameter].ravel(), low, high)
            ax.fill_between(x, density, color="0.82", linewidth=0)
            ax.plot(x, density, color=style.TRUTH, lw=1.0)
        for name, draws in approximations.items():
            look = looks[name]
            for replicate in draws[parameter]:
                x, density = curve(replicate, low, high)
                ax.plot(x, density, color=look.colour, ls=look.dashes, lw=0.9, alpha=0.75)
        ax.set_title(parameter)
        ax.set_yticks([])
        ax.set_ylim(bottom=0)
        ax.spines["left"].set_visible(False)
    _legend(figure, axes, bool(truth), approximations, looks)
    figure.suptitle(_title(bool(truth), note), fontsize=10)
    return figure


def _title(has_truth: bool, note: str) -> str:
    return "\n".join(filter(None, ["" if has_truth else f"Approximations alone: {NO_TRUTH}", note]))


def _legend(figure: Figure, axes: list, has_truth: bool, names, looks: dict) -> None:
    ax = axes[0]
    if has_truth:
        ax.fill_between([], [], color="0.82", edgecolor=style.TRUTH, label="the truth")
    for name in names:
        look = looks[name]
        ax.plot([], [], color=look.colour, ls=look.dashes, lw=1.6, label=style.label(name))
    count = len(names) + has_truth
    columns = min(count, 2 if style.is_narrow() else 6)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


def draws_of(group: dict[str, np.ndarray], parameters: list[str]) -> dict[str, np.ndarray]:
    """The draws of these parameters, in this order; {} where the group holds no draw at all."""
    if not group or next(iter(group.values())).size == 0:
        return {}
    return {parameter: group[parameter] for parameter in parameters}
