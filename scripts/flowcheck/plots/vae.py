"""The autoencoder study: bounds with the exact value, and the latent plane."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowcheck.plots import style

# From the highest bound to the lowest, as their curves lie.
COLOURS = {"log_px": style.TRUTH, "multisample": "#0072B2", "elbo": "#D55E00"}
MARKERS = {"log_px": "s", "multisample": "o", "elbo": "^"}
SPLITS = ("train", "test")
# Share of the epochs at the start whose values may lie below the panel: they fall so far that
# the rest would be a line along its upper edge.
STEEP_START = 0.15


def plot_bounds(bounds: pd.DataFrame) -> Figure:
    """Each bound against the epoch, for training and test images on one scale.

    bounds: columns epoch, split, bound, value, se; the bands are two Monte Carlo errors wide.
    """
    figure, panels = style.panels(2, 2, (4.8, 3.8), sharey=True)
    for axes, split in zip(panels, SPLITS, strict=True):
        part = bounds[bounds["split"] == split]
        for bound in sorted(
            part["bound"].unique(), key=lambda name: list(COLOURS).index(_kind(name))
        ):
            rows = part[part["bound"] == bound].sort_values("epoch")
            colour, epoch = COLOURS[_kind(bound)], rows["epoch"]
            low, high = rows["value"] - 2 * rows["se"], rows["value"] + 2 * rows["se"]
            axes.fill_between(epoch, low, high, color=colour, alpha=0.25, linewidth=0)
            marker = MARKERS[_kind(bound)]
            axes.plot(epoch, rows["value"], color=colour, marker=marker, ms=4, label=_label(bound))
        axes.set(title=f"{split} images", xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(True)
    style.label_y(panels, "nats per image")
    _leave_out_steep_start(panels[0], bounds)
    panels[1].legend(loc="lower right")
    return figure


def plot_latent_plane(
    mean: np.ndarray, label: np.ndarray, mesh: np.ndarray, z1: np.ndarray, z2: np.ndarray
) -> Figure:
    """The test set in the latent plane, and under it what the same rectangle decodes to.

    mean [N, 2]; label [N]; mesh [len(z2), len(z1), height, width], decoded at z2[i], z1[j].
    """
    figure, (above, below) = style.panels(2, 1, (7.4, 6.5))
    _scatter_by_label(above, mean, label)
    # A pixel of white around each tile; z2 rises upwards as in the scatter, while rows of pixels,
    # inside a tile too, go downwards.
    tiles = np.pad(mesh[::-1], ((0, 0), (0, 0), (0, 1), (0, 1)))
    rows, columns, height, width = tiles.shape
    tiles = tiles.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    half1, half2 = (z1[1] - z1[0]) / 2, (z2[1] - z2[0]) / 2
    extent = (z1[0] - half1, z1[-1] + half1, z2[0] - half2, z2[-1] + half2)
    below.imshow(tiles, cmap="gray_r", vmin=0, vmax=1, extent=extent, aspect="auto")
    below.set(xlabel="$z_1$", ylabel="$z_2$", title="decoded on a mesh over the same rectangle")
    above.set(xlim=extent[:2], ylim=extent[2:], title="test images, where the encoder puts them")
    return figure


def plot_gaps(gaps: dict[str, dict[str, np.ndarray]]) -> Figure:
    """How far each bound lies below log p(x): the share of images within each distance.

    gaps: split -> bound -> log p(x) - bound [n]. A gap below zero is Monte Carlo noise.
    """
    figure, panels = style.panels(len(gaps), 2, (4.8, 3.8), sharex=True, sharey=True)
    for axes, (split, of_split) in zip(panels, gaps.items(), strict=True):
        for bound, values in of_split.items():
            name = f"{_label(bound)}, mean {np.mean(values):.2f}"
            axes.ecdf(values, color=COLOURS[_kind(bound)], label=name)
        axes.axvline(0, color=style.TRUTH, lw=0.8)
        axes.set_xscale("symlog", linthresh=0.1)
        axes.set(title=f"{split} images", xlabel=r"nats below $\log p(x)$")
        axes.grid(True)
        axes.legend(loc="upper left")
    style.label_y(panels, "share of images")
    return figure


def plot_comparison(bounds: pd.DataFrame) -> Figure:
    """Exact log p(x) against the epoch for several autoencoders: bounds.csv with a column vae."""
    figure, (axes,) = style.panels(1, 1, (6.4, 4.2))
    truth = bounds[bounds["bound"] == "log_px"]
    looks = style.looks({name: name for name in truth["vae"].unique()})
    for name, rows in truth.groupby("vae", sort=True):
        for split, dashes in zip(SPLITS, (":", "-"), strict=True):
            part = rows[rows["split"] == split].sort_values("epoch")
            label = f"{name}, {split}"
            axes.plot(part["epoch"], part["value"], dashes, color=looks[name].colour, label=label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel=r"exact $\log p(x)$, nats per image")
    _leave_out_steep_start(axes, truth)
    axes.grid(True)
    axes.legend(loc="lower right")
    return figure


def _kind(bound: str) -> str:
    """Which of COLOURS a bound is: L_K of any K is "multisample"."""
    return bound if bound in COLOURS else "multisample"


def _label(bound: str) -> str:
    """A bound as readers know it: L_1000 as $L_{1000}$."""
    if bound.startswith("L_"):
        return f"$L_{{{bound.removeprefix('L_')}}}$"
    return {"elbo": "ELBO", "log_px": r"exact $\log p(x)$"}[bound]


def _leave_out_steep_start(axes: Axes, bounds: pd.DataFrame) -> None:
    late = bounds[bounds["epoch"] >= bounds["epoch"].quantile(STEEP_START)]["value"]
    margin = 0.05 * (late.max() - late.min())
    axes.set_ylim(late.min() - margin, late.max() + margin)


def _scatter_by_label(axes: Axes, mean: np.ndarray, label: np.ndarray) -> None:
    names = np.unique(label)
    palette = colormaps["tab10" if len(names) <= 10 else "tab20"](np.arange(len(names)))
    # In random order: drawn label by label, the last would hide the others.
    order = np.random.default_rng(0).permutation(len(label))
    area = np.clip(8000 / len(label), 4, 20)
    tints = palette[np.searchsorted(names, label[order])]
    axes.scatter(*mean[order].T, c=tints, s=area, linewidths=0, rasterized=True)
    for name, tint in zip(names, palette, strict=True):
        axes.scatter([], [], color=tint, s=30, label=str(name))
    beside = {"title": "digit", "loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
    beneath = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": 5}
    axes.legend(**(beneath if style.is_narrow() else beside))
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
