"""Expectations over a density on the plane, by the trapezoidal rule on a grid.

The rule converges faster than any power of the spacing for a smooth density that has decayed at
the grid's edge (Trefethen & Weideman, "The exponentially convergent trapezoidal rule", SIAM Review
2014).
"""

from collections.abc import Callable

import numpy as np


def expectation(
    log_density: Callable[[np.ndarray], np.ndarray],
    function: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
    half_width: np.ndarray,
    points: int = 1000,
) -> float:
    """E f over the density exp(log_density), which need not be normalised.

    log_density, function: x [M, 2] -> [M]; centre, half_width: [2], of the box; `points` along
    each axis.

    Raises ValueError if the density at the box's edge is more than 1e-12 of its peak: the box then
    cuts it off.
    """
    axes = [np.linspace(c - w, c + w, points) for c, w in zip(centre, half_width, strict=True)]
    x = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    log_p = log_density(x)
    weight = np.exp(log_p - log_p.max()).reshape(points, points)
    edge = max(weight[[0, -1]].max(), weight[:, [0, -1]].max())
    if edge > 1e-12:
        raise ValueError(f"the box cuts the density off: at its edge it is {edge:.1e} of its peak")
    weight = weight.ravel()
    return float(np.sum(weight * function(x)) / np.sum(weight))
