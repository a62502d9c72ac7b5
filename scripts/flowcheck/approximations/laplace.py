"""Laplace's approximation: the Gaussian that has the posterior's mode and its curvature there.

Tierney & Kadane, "Accurate Approximations for Posterior Moments and Marginal Densities", 1986. The
mode is that of the density on R^dim. Curvature is by central differences of the gradient, along the
axes of the best Gaussian so far, so that neither units nor correlations matter.
"""

import math

import numpy as np
import torch
from torch import Tensor

from flowcheck.gaussian import Gaussian

# Newton steps at most; from a path's end a few are enough.
STEPS = 50
# The expected gain of one more Newton step, in nats, at which the mode is found.
GAIN = 1e-10
# Of a difference, in sds of the Gaussian: its error is of fourth order in the log density, and
# rounding of the gradient is magnified by its inverse.
REACH = 1e-4
# Curvature in the coordinates of the Gaussian so far that counts as none: what a difference can
# tell from zero; and relative to the largest, what is corrected in one step.
FLAT, SMALLEST = 1e-6, 1e-12


class NoMode(ValueError):
    """A posterior without a mode at which it is curved downwards in every direction."""


def laplace(posterior, start: Tensor, factor: Tensor) -> Gaussian:
    """The Gaussian at the mode that Newton steps from `start` [dim] lead to.

    posterior: has value_and_gradient; factor [dim, dim], lower triangular: of a Gaussian that has
    roughly the posterior's scales. Raises NoMode, with the reason, if they lead to none.
    """
    point, factor = start.double(), factor.double()
    value = _value(posterior, point)
    for _ in range(STEPS):
        gradient, curvature = _whitened(posterior, point, factor)
        values, axes = np.linalg.eigh(curvature)
        size = np.maximum(np.abs(values), SMALLEST * np.abs(values).max())
        step = axes @ ((axes.T @ gradient) / np.maximum(size, FLAT))
        gain = 0.5 * float(gradient @ step)
        # Curvature is told from none where the coordinates are nearly those of the Gaussian.
        whitened = size.max() < 2 and values.min() > 0.5
        if whitened and gain < GAIN:
            return Gaussian(point, _rescaled(factor, axes, values))
        moved = _climb(posterior, point, value, factor @ torch.from_numpy(step))
        if moved is None:
            break
        point, value = moved
        factor = _rescaled(factor, axes, np.maximum(size, FLAT))
    raise NoMode(_reason(point, gain))


def _rescaled(factor: Tensor, axes: np.ndarray, values: np.ndarray) -> Tensor:
    """The lower triangular factor of the Gaussian whose curvature in the coordinates of `factor`
    has these eigenvectors and eigenvalues, all positive.
    """
    root = factor @ torch.from_numpy(axes / np.sqrt(values))
    upper = torch.linalg.qr(root.mT).R
    return (upper * upper.diagonal().sign()[:, None]).mT.contiguous()


def _reason(point: Tensor, gain: float) -> str:
    if gain > 1e-3:
        return (
            "it needs a mode, and found none: the log density still rises at a distance of "
            f"{float(point.norm()):.3g} from the origin"
        )
    return (
        "it needs a mode, and found none: the log density is not curved downwards in every "
        "direction where it is highest"
    )


def _value(posterior, point: Tensor) -> float:
    return float(posterior.value_and_gradient(point[None])[0][0])


def _whitened(posterior, point: Tensor, factor: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Gradient [dim] and minus the Hessian [dim, dim] of the log density in the coordinates of
    z, point + factor z.
    """
    steps = REACH * factor.mT  # a row for each axis
    points = torch.cat([point[None], point + steps, point - steps])
    gradients = posterior.value_and_gradient(points)[1].detach().double() @ factor
    if not bool(gradients.isfinite().all()):
        raise NoMode("it needs a mode, and the gradient is not finite where the paths lead")
    centre, above, below = gradients.split([1, len(point), len(point)])
    curvature = ((below - above) / (2 * REACH)).numpy()
    return centre[0].numpy(), (curvature + curvature.T) / 2


def _climb(posterior, point: Tensor, value: float, step: Tensor) -> tuple[Tensor, float] | None:
    """The point after the longest of the halved steps that does not lead down, and its value."""
    for halvings in range(30):
        moved = point + step / 2**halvings
        found = _value(posterior, moved)
        # At the mode all is rounding.
        if math.isfinite(found) and found >= value - 1e-12 * abs(value):
            return moved, found
    return None
