"""One-dimensional quadrature: log normaliser, expectations and independent draws.

The trapezoidal rule on a uniform grid converges faster than any power of the spacing for a smooth
density that has decayed at both ends (Trefethen & Weideman, "The exponentially convergent
trapezoidal rule", SIAM Review 2014), and halving the spacing checks it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.special import logsumexp

FIRST_INTERVALS = 2**12
LAST_INTERVALS = 2**22


@dataclass(frozen=True)
class TabulatedDensity:
    """A density on the line, known on a grid fine enough to integrate anything smooth against it.

    grid: [G] points; mass: [G] trapezoidal weights times the normalised density, summing to 1;
    log_normaliser: log of the integral of the unnormalised density; tolerance: how much that
    number moved when the grid was last halved and when its range was widened by half.
    """

    grid: np.ndarray
    mass: np.ndarray
    log_normaliser: float
    tolerance: float

    def expectation(self, values: np.ndarray) -> float:
        """E f for `values` = f(grid), shape [G]."""
        return float(np.sum(self.mass * values))

    def draw(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Independent draws, shape [draws], by inversion of the tabulated distribution function."""
        cdf = cumulative_trapezoid(self.mass, initial=0.0)
        return np.interp(rng.random(draws) * cdf[-1], cdf, self.grid)


def tabulate(
    log_density: Callable[[np.ndarray], np.ndarray], half_width: float, tolerance: float = 1e-12
) -> TabulatedDensity:
    """Tabulate exp(log_density) on [-half_width, half_width], refined until its integral stands.

    The spacing is halved until two successive halvings each move the log integral by less than
    `tolerance`, relative where it exceeds 1 (one agreement could be two grids that miss the same
    narrow peak).

    Raises ValueError if that takes more than 2^22 intervals, if the range cuts the density off, or
    if the log density is not finite anywhere.
    """
    intervals, last, agreements = FIRST_INTERVALS, np.inf, 0
    while intervals <= LAST_INTERVALS:
        grid, log_mass, log_integral = _trapezoid(log_density, half_width, intervals)
        moved = abs(log_integral - last)
        allowed = tolerance * max(1.0, abs(log_integral))
        agreements = agreements + 1 if moved < allowed else 0
        if agreements == 2:
            break
        last, intervals = log_integral, 2 * intervals
    else:
        raise ValueError(
            f"the quadrature did not settle to {tolerance:g} with {LAST_INTERVALS} intervals over "
            f"[-{half_width:g}, {half_width:g}]: the density is too narrow for its range"
        )
    wider = _trapezoid(log_density, 1.5 * half_width, 2 * intervals)[2]
    cut_off = abs(wider - log_integral)
    if cut_off > 10 * allowed:
        raise ValueError(
            f"widening the quadrature's range beyond [-{half_width:g}, {half_width:g}] moves the "
            f"log integral by {cut_off:.1e}: the range cuts the density off"
        )
    return TabulatedDensity(
        grid, np.exp(log_mass - log_integral), log_integral, max(moved, cut_off)
    )


def _trapezoid(log_density, half_width, intervals):
    grid = np.linspace(-half_width, half_width, intervals + 1)
    log_mass = log_density(grid) + np.log(grid[1] - grid[0])
    log_mass[[0, -1]] -= np.log(2.0)
    log_integral = float(logsumexp(log_mass))
    if not np.isfinite(log_integral):
        raise ValueError("the density to integrate is zero or not a number over its whole range")
    return grid, log_mass, log_integral
