"""What the figures share: the style file, colours that follow names, and the grid of panels."""

import colorsys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from flowcheck.labels import label

matplotlib.style.use(Path(__file__).with_name("flowcheck.mplstyle"))

TRUTH = "black"
HMC = "0.45"
# Every family that is shipped has a colour of its own, in all studies.
_FIXED = {
    "planar": "#d55e00",
    "nice": "#0072b2",
    "realnvp": "#009e73",
    "mean_field": "#e69f00",
    "full_rank": "#56b4e9",
    "spline": "#cc79a7",
    "iaf": "#882255",
    "maf": "#332288",
    "radial": "#999933",
    "laplace": "#8c510a",
    "pathfinder": "#dc267f",
}
# What other families take, in this order, before the colours of shipped families not in use.
_SPARE = ("#aa4499", "#648fff", "#6b8e23", "#b22222", "#4b0082", "#008b8b")
# How the second, third and fourth of a family differ from its first: the colour that theirs is
# mixed with, and how much of it.
_SHADES = (("black", 0.0), ("black", 0.45), ("white", 0.45), ("black", 0.7))
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_MARKERS = "osD^vP*X"
# Inches: as wide as a phone, held upright, shows without shrinking the letters.
NARROW_WIDTH = 3.7
_layout = {"narrow": False}


class Look(NamedTuple):
    """How one approximation is drawn in every figure of a study."""

    colour: str
    dashes: object
    marker: str


def looks(families: dict[str, str]) -> dict[str, Look]:
    """How each approximation of a study looks, by its name; families: name -> family.

    Families that are shipped have fixed colours. Any other takes the next free one, in the order
    of the families' names. Of one family, the one named like it comes first and the next three
    are shades of its colour with dashes of their own; those beyond take free colours. No two have
    the same colour.
    """
    of_family = {}
    for name in sorted(families, key=lambda name: (name != families[name], name)):
        of_family.setdefault(families[name], []).append(name)
    used = {_FIXED[family] for family in of_family if family in _FIXED}
    free = _free_colours(used)
    found = {}
    for family in sorted(of_family):
        base = _FIXED.get(family) or next(free)
        for number, name in enumerate(of_family[family]):
            if number < len(_SHADES):
                colour, dashes = mix(base, *_SHADES[number]), _DASHES[number]
            else:
                colour, dashes = next(free), _DASHES[0]
            found[name] = (colour, dashes)
    return {
        name: Look(*found[name], _MARKERS[number % len(_MARKERS)])
        for number, name in enumerate(sorted(found))
    }


def mix(colour: str, other: str, share: float) -> str:
    """`colour` with a share of `other` mixed in, as #rrggbb."""
    return to_hex((1 - share) * np.array(to_rgb(colour)) + share * np.array(to_rgb(other)))


def _free_colours(used: set[str]) -> Iterator[str]:
    yield from (colour for colour in (*_SPARE, *_FIXED.values()) if colour not in used)
    hue = 0.0
    while True:  # more than any figure can tell apart, but still no two alike
        hue += 0.381966
        yield to_hex(colorsys.hls_to_rgb(hue % 1.0, 0.3 + 0.25 * (hue % 0.7), 0.55))


@contextmanager
def narrow():
    """While it is entered, figures are made for a phone: their panels stand under one another."""
    _layout["narrow"] = True
    try:
        yield
    finally:
        _layout["narrow"] = False


def is_narrow() -> bool:
    """Whether figures are being made for a phone."""
    return _layout["narrow"]


def panels(
    count: int, columns: int, size: tuple[float, float], **shared
) -> tuple[Figure, list[matplotlib.axes.Axes]]:
    """A figure of `count` axes in rows of `columns`, each of `size` (width, height) inches.

    shared: keywords of `Figure.subplots`. Narrow figures have one column, and no width ratios.
    """
    columns = 1 if is_narrow() else min(columns, count)
    if is_narrow():
        size = (NARROW_WIDTH, size[1] * min(1.0, NARROW_WIDTH / size[0]))
        shared.pop("width_ratios", None)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows))
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False, **shared))
    for unused in axes[count:]:
        unused.set_axis_off()
    for ax in axes[:count] if columns == 1 else ():
        ax.tick_params(labelbottom=True)  # each panel is met alone
    return figure, list(axes[:count])


def label_y(axes: list, text: str) -> None:
    """Label the vertical axis that panels share: once, or in each panel of a narrow figure."""
    for ax in axes if is_narrow() else axes[:1]:
        ax.set_ylabel(text)


__all__ = [
    "HMC", "TRUTH", "Look", "is_narrow", "label", "label_y", "looks", "mix", "narrow", "panels",
]  # fmt: skip
