"""The smallest KL that a map of the plane with a constant Jacobian determinant can reach.

Let q be the law of x = f(z), z ~ N(0, I) on the plane, where |det df/dz| = J everywhere: NICE is
such a map at any depth. Its entropy is log(2 pi e J), so KL(q|p) = -log(2 pi e J) - E_q log p. The
map takes a disc of radius r to a set of area J pi r^2, whatever its shape. Hence the density of q
is rearranged into exp(-u) / (2 pi J) at area 2 pi J u, and by the rearrangement inequality (Hardy,
Littlewood & Polya, "Inequalities", 1934, section 10.13) no such q gives log p a larger mean than
one whose level sets are those of p:

    KL(q|p) >= -log(2 pi e J) - integral_0^inf exp(-u) l(2 pi J u) du,

where l(v) is the decreasing rearrangement of log p: the level above which log p exceeds it on an
area of v.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

# exp(-u) beyond this is nothing beside a float64's rounding.
LAST_U = 40.0
# The box reaches to where the density is this many nats below its peak, if not farther.
NATS_BELOW_PEAK = 40.0
# The box begins this many times the spread from the centre, and grows by this share of its width.
SPREADS, GROWTH = 8, 0.2
# A density that has not fallen so far after this many growths has tails too heavy for a box.
GROWTHS = 15
# How much the log normaliser may move, in nats, when every second point is left out.
TOLERANCE = 1e-4
# How closely the log of the best Jacobian is found.
TOLERANCE_LOG_J = 1e-6


class Levels(NamedTuple):
    """A normalised log density on cells of equal area, the highest first: log_p [M], cell."""

    log_p: np.ndarray
    cell: float


def levels(
    log_density: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
    spread: np.ndarray,
    jacobian: float,
    points: int = 1500,
) -> Levels:
    """The level sets of a density on the plane, as far out as `bound` needs them up to `jacobian`.

    log_density: x [M, 2] -> [M], unnormalised; centre, spread: [2], where it lies and how wide it
    is. `points` along each axis of a box, which grows until the level sets lie inside it.

    Raises ValueError if the box would have to grow without end, if the grid is too coarse for the
    density, or if that is nowhere finite.
    """
    area = 2 * np.pi * jacobian * LAST_U
    low, high = centre - SPREADS * spread, centre + SPREADS * spread
    for _ in range(GROWTHS):
        axes = [np.linspace(*ends, points) for ends in zip(low, high, strict=True)]
        table = log_density(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2))
        table = np.where(np.isnan(table), -np.inf, table).reshape(points, points)
        cell = float(np.prod((high - low) / (points - 1)))
        ordered = np.sort(table, axis=None)[::-1]
        if not np.isfinite(ordered[0]):
            raise ValueError("the log density is not finite anywhere in the plane's box")
        needed = int(np.ceil(area / cell))
        lowest = ordered[needed] if needed < ordered.size else -np.inf
        lowest = min(lowest, ordered[0] - NATS_BELOW_PEAK)
        # A side grows where a level set that is needed touches it.
        touched = np.array([table[0].max(), table[:, 0].max()]) > lowest
        touched_above = np.array([table[-1].max(), table[:, -1].max()]) > lowest
        if not (touched.any() or touched_above.any()):
            normaliser = _log_normaliser(table, cell)
            return Levels(ordered[:needed] - normaliser, cell)
        width = high - low
        low, high = low - GROWTH * width * touched, high + GROWTH * width * touched_above
    raise ValueError(
        f"the density's level sets of area {area:.3g} reach beyond [{low}, {high}]: its tails "
        "are too heavy for a box"
    )


def _log_normaliser(table: np.ndarray, cell: float) -> float:
    """log of the density's integral over its table [points, points], by the trapezoidal rule."""
    normaliser = float(logsumexp(table)) + np.log(cell)
    coarser = float(logsumexp(table[::2, ::2])) + np.log(4 * cell)
    if abs(coarser - normaliser) > TOLERANCE:
        raise ValueError(
            "the grid is too coarse for the density: keeping only every second of its "
            f"{len(table)} points along each axis changes the log normaliser by "
            f"{abs(coarser - normaliser):.1e}"
        )
    return normaliser


def bound(of: Levels, jacobian: float) -> float:
    """The lower bound on KL(q|p), in nats, for maps with |det df/dz| = `jacobian` everywhere."""
    edges = np.exp(-of.cell * np.arange(len(of.log_p) + 1) / (2 * np.pi * jacobian))
    mean = float(np.sum((edges[:-1] - edges[1:]) * of.log_p))
    return -float(np.log(2 * np.pi * jacobian)) - 1.0 - mean


def best(of: Levels, lowest: float, highest: float) -> tuple[float, float]:
    """(J, bound) where the bound is lowest, J from `lowest` to `highest`; `of` reaches that far."""
    found = minimize_scalar(
        lambda log_j: bound(of, np.exp(log_j)),
        bounds=(np.log(lowest), np.log(highest)),
        method="bounded",
        options={"xatol": TOLERANCE_LOG_J},
    )
    return float(np.exp(found.x)), float(found.fun)
