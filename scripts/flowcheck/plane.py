"""Expectations over a density on the plane, by the trapezoidal rule on a grid.

The rule converges faster than any power of the spacing for a smooth density that has decayed at
the grid's edge (Trefethen & Weideman, "The exponentially convergent trapezoidal rule", SIAM Review
2014), and halving the spacing checks it.
"""

from collections.abc import Callable

import numpy as np

FIRST_POINTS, LAST_POINTS = 500, 4000
# How much of its peak the density may still be at the box's edge.
EDGE = 1e-12


def expectation(
    log_density: Callable[[np.ndarray], np.ndarray],
    function: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
    half_width: np.ndarray,
    tolerance: float = 1e-9,
) -> float:
    """E f over the density exp(log_density), which need not be normalised.

    log_density, function: x [M, 2] -> [M]; centre, half_width: [2], of the box. The spacing is
    halved until that moves the value by less than `tolerance`, relative where it exceeds 1.

    Raises ValueError if the box cuts the density off, or if 4,000 points along each axis do not
    settle the value.
    """
    points, last = FIRST_POINTS, np.inf
    while points <= LAST_POINTS:
        value = _expectation(log_density, function, centre, half_width, points)
        if abs(value - last) < tolerance * max(1.0, abs(value)):
            return value
        points, last = 2 * points, value
    raise ValueError(
        f"the expectation did not settle to {tolerance:g} with {LAST_POINTS} points along each "
        "axis: the density is too narrow for its box"
    )


def _expectation(log_density, function, centre, half_width, points) -> float:
    axes = [np.linspace(c - w, c + w, points) for c, w in zip(centre, half_width, strict=True)]
    x = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    log_p = log_density(x)
    weight = np.exp(log_p - log_p.max()).reshape(points, points)
    edge = max(weight[[0, -1]].max(), weight[:, [0, -1]].max())
    if edge > EDGE:
        raise ValueError(f"the box cuts the density off: at its edge it is {edge:.1e} of its peak")
    weight = weight.ravel()
    return float(np.sum(weight * function(x)) / np.sum(weight))
