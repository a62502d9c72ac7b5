"""What the steps that draw share: one figure for a page, and one for a phone."""

from collections.abc import Callable

from flowcheck import files
from flowcheck.plots import style


def write_figures(output, plot: Callable, *arguments) -> None:
    """The figure that `plot(*arguments)` makes, as output.png and output.svg, and once more as
    output.narrow, with its panels under one another.
    """
    files.write_figure([output.png, output.svg], plot(*arguments))
    with style.narrow():
        files.write_figure([output.narrow], plot(*arguments))
