"""One-dimensional quadrature: log normaliser, expectations and independent draws.

The trapezoidal rule on a uniform grid converges faster than any power of the spacing for a smooth
density that has decayed at both ends (Trefethen & Weideman, "The exponentially convergent
trapezoidal rule", SIAM Review 2014), and halving the spacing checks it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.special import logsumexp

FIRST_INTERVALS = 2**12
LAST_INTERVALS = 2**22
# Between the points of its table a distribution function is taken as straight, which adds a sixth
# of their squared spacing to the variance: 4e-7 of it for a normal at this many points a width.
POINTS_PER_WIDTH = 1600
# Intervals of less mass than this are left out when drawing.
NEVER_DRAWN = 1e-18


@dataclass(frozen=True)
class TabulatedDensity:
    """A density on the line, known on a grid fine enough to integrate anything smooth against it.

    log_density: the unnormalised one, as given; grid: [G] points; mass: [G] trapezoidal weights
    times the normalised density, summing to 1; log_normaliser: log of the integral of the
    unnormalised density; tolerance: how much that number moved when the grid was last halved and
    when its range was widened by half, with the rounding that no refinement removes.
    """

    log_density: Callable[[np.ndarray], np.ndarray]
    grid: np.ndarray
    mass: np.ndarray
    log_normaliser: float
    tolerance: float

    def expectation(self, values: np.ndarray) -> float:
        """E f for `values` = f(grid), shape [G]."""
        return float(np.sum(self.mass * values))

    def variance(self, values: np.ndarray) -> float:
        """Var f for `values` = f(grid), shape [G], about the mean: no difference of squares."""
        return self.expectation((values - self.expectation(values)) ** 2)

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Independent draws, shape [draws], by inversion of the distribution function.

        It is tabulated for this where the mass is, so finely that their variance is the density's.
        """
        grid = self._fine_grid()
        cdf = cumulative_trapezoid(np.exp(self.log_density(grid)), grid, initial=0.0)
        return np.interp(rng.random(draws) * cdf[-1], cdf, grid)

    def _fine_grid(self) -> np.ndarray:
        """The intervals of `grid` that have mass, each cut into as many as its draws need."""
        spacing = self.grid[1] - self.grid[0]
        # The width of a bump is its mass over its height.
        width = spacing / self.mass.max()
        parts = math.ceil(spacing / width * POINTS_PER_WIDTH)
        kept = np.flatnonzero(np.maximum(self.mass[:-1], self.mass[1:]) > NEVER_DRAWN)
        low, high = self.grid[kept], self.grid[kept + 1]
        inside = low[:, None] + (high - low)[:, None] * np.arange(parts) / parts
        return np.unique(np.concatenate([inside.ravel(), high]))


def tabulate(
    log_density: Callable[[np.ndarray], np.ndarray],
    low: float,
    high: float,
    tolerance: float = 1e-12,
) -> TabulatedDensity:
    """Tabulate exp(log_density) on [low, high], refined until its integral is stable.

    The spacing is halved until two successive halvings each move the log integral by less than
    `tolerance` (one agreement could be two grids that miss the same narrow peak). `log_density`
    should be near 0 at its peak: what it carries in constants, it loses in digits, and those of a
    constant above 1 are granted no more than their rounding.

    Raises ValueError if that takes more than 2^22 intervals, if the range cuts the density off, or
    if the log density is not finite anywhere.
    """
    intervals, last, agreements = FIRST_INTERVALS, np.inf, 0
    while intervals <= LAST_INTERVALS:
        grid, log_mass, log_integral, rounding = _trapezoid(log_density, low, high, intervals)
        moved = abs(log_integral - last)
        agreements = agreements + 1 if moved < tolerance + rounding else 0
        if agreements == 2:
            break
        last, intervals = log_integral, 2 * intervals
    else:
        raise ValueError(
            f"the quadrature did not settle to {tolerance:g} with {LAST_INTERVALS} intervals over "
            f"[{low:g}, {high:g}]: the density is too narrow for its range"
        )
    margin = (high - low) / 4
    wider = _trapezoid(log_density, low - margin, high + margin, 2 * intervals)[2]
    cut_off = abs(wider - log_integral)
    if cut_off > 10 * (tolerance + rounding):
        raise ValueError(
            f"widening the quadrature's range beyond [{low:g}, {high:g}] moves the log integral by "
            f"{cut_off:.1e}: the range cuts the density off"
        )
    return TabulatedDensity(
        log_density,
        grid,
        np.exp(log_mass - log_integral),
        log_integral,
        max(moved, cut_off) + rounding,
    )


def _trapezoid(log_density, low, high, intervals):
    """The grid, log mass, log integral, and the rounding of the latter: one unit in its sum."""
    grid = np.linspace(low, high, intervals + 1)
    log_p = log_density(grid)
    log_mass = log_p + np.log(grid[1] - grid[0])
    log_mass[[0, -1]] -= np.log(2.0)
    log_integral = float(logsumexp(log_mass))
    if not np.isfinite(log_integral):
        raise ValueError("the density to integrate is zero or not a number over its whole range")
    return grid, log_mass, log_integral, float(np.spacing(max(abs(log_p.max()), 1.0)))
