"""Images as images: dark ink on white, tiles in reading order."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flowcheck.plots import style


def plot_image_grid(images: np.ndarray, columns: int) -> Figure:
    """Images [n, height, width] in [0, 1], row by row."""
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(6, 6 * rows / columns))
    draw_tiles(figure.subplots(), images, columns)
    return figure


def plot_reconstructions(originals: np.ndarray, reconstructed: np.ndarray, columns: int) -> Figure:
    """Two grids of images [n, height, width], each at the same place in both."""
    rows = -(-len(originals) // columns)
    size = (4.8, 4.8 * rows / columns + 0.4)
    figure, panels = style.panels(2, 2, size)
    titles = {"as the encoder sees them": originals, "reconstructed": reconstructed}
    for axes, (title, tiles) in zip(panels, titles.items(), strict=True):
        draw_tiles(axes, tiles, columns)
        axes.set_title(title)
    return figure


def draw_tiles(axes: Axes, images: np.ndarray, columns: int) -> None:
    """A mosaic of images [n, height, width], a pixel of white between them."""
    count, height, width = images.shape
    rows = -(-count // columns)
    tiles = np.zeros((rows * columns, height + 1, width + 1))
    tiles[:count, :height, :width] = images
    mosaic = tiles.reshape(rows, columns, height + 1, width + 1).transpose(0, 2, 1, 3)
    mosaic = mosaic.reshape(rows * (height + 1), columns * (width + 1))
    axes.imshow(mosaic[:-1, :-1], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
