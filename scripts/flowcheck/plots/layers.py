"""Flows at work, as small multiples: after each block, and after more and more training."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from flowcheck.plots import style

# As many frames as a row of panels shows; the first and the last are among them.
COLUMNS, NARROW_COLUMNS = 5, 3
SIDE = 1.96  # inches of a panel, so that a row is 1600 pixels wide at the style's resolution
NARROW_SIDE = 1.15
POINTS = 500


def plot_layers(flows: dict[str, dict], families: dict, truth: np.ndarray) -> Figure:
    """Each flow's draws and grid before its first block and after some of its blocks, in a row.

    flows: name -> layers.npz; families: of every approximation of the study; truth: draws [n, 2]
    in the same plane, a grey ground, [0, 2] where there are none.
    """
    rows = {}
    for name, own in flows.items():
        last = len(own["x"]) - 1
        rows[name] = [
            (f"after {k} of {last}" if k else "the base", *in_plane(own, k)) for k in shown(last)
        ]
    base = next(iter(rows.values()))[0][1]
    return _multiples(rows, families, truth, base, next(iter(flows.values()))["names"])


def plot_learning(
    flows: dict[str, dict], families: dict, truth: np.ndarray, base: np.ndarray
) -> Figure:
    """Each flow's draws and grid after 1, 10, 100, ... iterations; flows: name -> snapshots.npz.

    base: draws [n, 2] of the base density, which the axes hold too.
    """
    rows = {}
    for name, own in flows.items():
        done = own["iteration"]
        rows[name] = [
            (f"{done[k]:,} iteration{'s' if done[k] > 1 else ''}", *in_plane(own, k))
            for k in shown(len(done) - 1)
        ]
    return _multiples(rows, families, truth, base, next(iter(flows.values()))["names"])


def shown(last: int) -> list[int]:
    """Which of the frames 0 to `last` have a panel."""
    columns = NARROW_COLUMNS if style.is_narrow() else COLUMNS
    return sorted({round(place) for place in np.linspace(0, last, min(columns, last + 1))})


def in_plane(arrays: dict[str, np.ndarray], frame: int) -> tuple[np.ndarray, np.ndarray]:
    """Points [n, 2] and lines [L, P, 2] of one frame of layers.npz or snapshots.npz.

    In the two coordinates of `plane`; of a flow on a line, its place above that of z.
    """
    x, lines, plane = arrays["x"][frame], arrays["lines"][frame], arrays["plane"]
    if len(plane) > 1:
        return x[:, plane], lines[..., plane]
    before = np.linspace(-3, 3, lines.shape[-2])[None, :, None]
    return np.concatenate([arrays["z"], x], -1), np.concatenate([before, lines], -1)


def axis_names(names: np.ndarray) -> list[str]:
    """What the two axes are called; of a flow on a line, the first is z."""
    return [str(name) for name in names] if len(names) > 1 else ["z", str(names[0])]


def box(base: np.ndarray, made: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """[[low, high] of the first axis, of the second]: all but the outermost points [n, 2].

    It holds the base and the truth, and what the flows made of the base where there is no truth: a
    flow that went astray would shrink all the rest.
    """
    wanted = [base, truth] if len(truth) else [base, *made]
    ends = [
        np.quantile(points[np.isfinite(points).all(1)], [0.005, 0.995], axis=0) for points in wanted
    ]
    low, high = np.min([end[0] for end in ends], 0), np.max([end[1] for end in ends], 0)
    margin = 0.1 * np.maximum(high - low, 1e-9)
    return np.stack([low - margin, high + margin], 1)


def _multiples(rows: dict, families: dict, truth, base, names: np.ndarray) -> Figure:
    looks = style.looks(families)
    columns = max(map(len, rows.values()))
    side = NARROW_SIDE if style.is_narrow() else SIDE
    figure = Figure(figsize=(side * columns, (side + 0.12) * len(rows) + 0.35), layout="none")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    x_limits, y_limits = box(base, [row[-1][1] for row in rows.values()], truth)
    first, second = axis_names(names)
    for axes, (name, row) in zip(grid, rows.items(), strict=True):
        for ax in axes[len(row) :]:
            ax.set_axis_off()
        for ax, (title, points, lines) in zip(axes, row, strict=False):
            _panel(ax, points, lines, truth, looks[name].colour)
            ax.set(xlim=x_limits, ylim=y_limits, xticks=[], yticks=[])
            ax.set_title(title, fontsize=8.5, pad=3)
        axes[0].set_ylabel(style.label(name), fontsize=9.5)
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=0.32 / figure.get_figwidth(), right=0.995, bottom=0.3 / height, top=1 - 0.24 / height,
        wspace=0.05, hspace=0.22,
    )  # fmt: skip
    figure.text(0.5, 0.06 / height, f"across: {first}; up: {second}", ha="center", fontsize=8.5)
    return figure


def _panel(ax, points, lines, truth, colour) -> None:
    for ground, tint, area in ((truth, "0.72", 2.0), (points, "black", 2.0)):
        some = ground[:POINTS]
        ax.scatter(*some.T, s=area, color=tint, linewidths=0, rasterized=True)
    # Every other point of a line: panels are small, and the page carries each of them.
    ax.add_collection(LineCollection(lines[:, ::2], colors=colour, linewidths=0.6, alpha=0.75))
