"""Densities of draws for figures: smoothed histograms, which keep to a parameter's support."""

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

BINS = 80
# Standard deviation of the smoothing, in bins: noise of 10,000 draws is hidden, no shape is.
SMOOTHING = 1.5
# The outermost 0.1 % at either end would shrink the rest.
TAIL = 0.001


def span(draws: list[np.ndarray]) -> tuple[float, float]:
    """The interval that shows all of these sets of draws, each less its outermost tails."""
    ends = [np.quantile(one[np.isfinite(one)], [TAIL, 1 - TAIL]) for one in draws]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def curve(draws: np.ndarray, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the density of `draws` is drawn, and its values there; both [BINS].

    The smoothing reflects at the ends, so that a density that stops at the edge of a support, as
    a scale's does at 0, is not drawn beyond it, nor pulled down beside it.
    """
    counts, edges = np.histogram(draws, BINS, (low, high))
    density = counts / (draws.size * (edges[1] - edges[0]))
    smooth = gaussian_filter1d(density, SMOOTHING, mode="reflect")
    return (edges[1:] + edges[:-1]) / 2, smooth


def regions(x: np.ndarray, y: np.ndarray, box: tuple, masses: tuple[float, ...], bins: int = 32):
    """A plane's density on a grid, and the levels whose regions hold `masses` of the draws.

    x, y: draws [n]; box: ((low, high) of x, (low, high) of y); bins: along each axis. Returns the
    centres of the columns and of the rows, density [rows, columns], and `levels`.
    """
    counts, x_edges, y_edges = np.histogram2d(x, y, bins, box)
    density = gaussian_filter(counts.T, 1.2, mode="reflect")
    centres = [(edges[1:] + edges[:-1]) / 2 for edges in (x_edges, y_edges)]
    return *centres, density, levels(density, masses)


def levels(density: np.ndarray, masses: tuple[float, ...]) -> list[float]:
    """The levels, ascending and distinct, above which a density on a grid holds these masses.

    None where it is zero: all draws of a poor approximation may lie outside the figure.
    """
    falling = np.sort(density.ravel())[::-1]
    held = np.cumsum(falling)
    if held[-1] <= 0:
        return []
    # The sum's rounding may leave the last bin below the whole.
    places = np.searchsorted(held / held[-1], masses).clip(max=len(falling) - 1)
    return sorted({float(falling[place]) for place in places if falling[place] > 0})
