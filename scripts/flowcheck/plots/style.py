"""What the figures share: the style file, colours that follow names, and the grid of panels."""

import hashlib
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

matplotlib.style.use(Path(__file__).with_name("flowcheck.mplstyle"))

TRUTH = "black"
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_COLOURS = {"planar": "#D55E00", "nice": "#0072B2", "realnvp": "#009E73"}
_LABELS = {"planar": "planar", "nice": "NICE", "realnvp": "RealNVP"}


def colour(family: str) -> str:
    """A family's colour: it comes from the name, so adding a flow recolours no other."""
    number = int(hashlib.sha256(family.encode()).hexdigest(), 16)
    return _COLOURS.get(family, _PALETTE[number % len(_PALETTE)])


def label(flow: str) -> str:
    """A flow's name as readers know it: `nice_course` -> "NICE course"."""
    first, *rest = flow.split("_")
    return " ".join([_LABELS.get(first, first), *rest])


def panels(count: int, columns: int, size: tuple[float, float], **shared) -> tuple[Figure, list]:
    """A figure of `count` axes in rows of `columns`, each of `size` (width, height) inches."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows))
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False, **shared))
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, list(axes[:count])
