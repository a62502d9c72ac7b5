"""Exact truth for posteriors that are Gaussian once one or two scales are known.

Given its scales (standard deviations, each with a prior), a linear model with Gaussian noise and
Gaussian coefficients has a Gaussian posterior and a closed-form marginal likelihood. The scales are
then integrated on a grid of their logarithms by the trapezoidal rule, which converges faster than
any power of the spacing (Trefethen & Weideman, SIAM Review 2014).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy.interpolate import RegularGridInterpolator
from scipy.special import logsumexp

from flowcheck.gaussian import LOG_2PI

# Grid points whose density is this many nats below the highest are left out: exp(-46) is 1e-20.
NATS = 46.0
COARSE = {1: 401, 2: 41}  # points per axis while the range is found
FINE = {1: 801, 2: 65}  # and for the integral: a Gaussian then has 0.3 sd between points
# How far the log evidence may move when the spacing is halved. The error of the finer grid is about
# the square of the coarser one's.
TOLERANCE = 1e-6
# Draws are proposed this many at a time: their matrices then fit into the processor's cache.
CHUNK = 1000
# How far the density may exceed its linear interpolation, by which draws are proposed.
EXCESS = 1.1


class Conditional(NamedTuple):
    """At G points of the scales: log p(y, log scales) [G]; the coefficients' mean [G, m] and the
    lower Cholesky factor [G, m, m] of their precision."""

    log_weight: np.ndarray
    mean: np.ndarray
    factor: np.ndarray


def linear_model(
    prior_sd: np.ndarray, information: np.ndarray, shift: np.ndarray, log_at_zero: np.ndarray
) -> Conditional:
    """Coefficients b ~ N(0, diag(prior_sd^2)) [m] of y ~ N(X b, noise), at G points of the scales.

    information: X' noise^-1 X [G, m, m]; shift: X' noise^-1 y [G, m]; log_at_zero: log N(y; 0,
    noise) [G]. log_weight of the result is log p(y | scales): the scales' prior is to be added.
    """
    precision = torch.from_numpy(information + np.diag(prior_sd**-2.0))
    factor = torch.linalg.cholesky(precision)
    mean = torch.cholesky_solve(torch.from_numpy(shift)[..., None], factor)[..., 0].numpy()
    log_det = 2 * factor.diagonal(dim1=1, dim2=2).log().sum(-1).numpy() + 2 * np.log(prior_sd).sum()
    log_marginal = log_at_zero + 0.5 * (np.sum(shift * mean, -1) - log_det)
    return Conditional(log_marginal, mean, factor.numpy())


def log_noise(n: int, squares: float, sigma: np.ndarray) -> np.ndarray:
    """log N(y; 0, sigma^2 I) of n data whose squares add up to `squares`, at each sigma."""
    return -0.5 * (n * (LOG_2PI + 2 * np.log(sigma)) + squares / sigma**2)


class ScaleMixture:
    """The posterior of log scales [k] and coefficients [m], integrated.

    condition: log scales [G, k] -> Conditional, its log_weight with the prior of the log scales;
    ranges: k pairs within which to look for the mass, in log scale.

    log_evidence; tolerance: how far it moved when the spacing was halved; scales [G, k]; mass [G],
    which sums to 1; mean [G, m] and covariance [G, m, m] of the coefficients at each.

    Raises ValueError if the grid is too coarse for the scales' posterior.
    """

    def __init__(self, condition: Callable[[np.ndarray], Conditional], ranges: list[tuple]):
        self._condition = condition
        for _ in range(2):
            ranges = self._narrowed(ranges)
        self._axes = [np.linspace(low, high, FINE[len(ranges)]) for low, high in ranges]
        grid = _product(self._axes)
        found = condition(grid)
        self.scales, self.mean = np.exp(grid), found.mean
        self.covariance = torch.cholesky_inverse(torch.from_numpy(found.factor)).numpy()
        log_mass = (found.log_weight + _log_trapezoid(self._axes)).reshape([*map(len, self._axes)])
        self.log_evidence = float(logsumexp(log_mass))
        every_second = log_mass[(slice(None, None, 2),) * len(ranges)]
        coarser = float(logsumexp(every_second)) + len(ranges) * np.log(2)
        self.tolerance = abs(self.log_evidence - coarser)
        if self.tolerance > TOLERANCE:
            raise ValueError(
                f"the quadrature over the scales moved by {self.tolerance:.1e} when its spacing "
                "was halved: the scales' posterior is too wide or too uneven for its grid"
            )
        self.mass = np.exp(log_mass - self.log_evidence).ravel()

    def _narrowed(self, ranges: list[tuple]) -> list[tuple]:
        """The part of the ranges that holds the mass, with a grid cell on either side."""
        axes = [np.linspace(low, high, COARSE[len(ranges)]) for low, high in ranges]
        log_weight = self._condition(_product(axes)).log_weight.reshape([*map(len, axes)])
        inside = log_weight > log_weight.max() - NATS
        narrowed = []
        for i, axis in enumerate(axes):
            others = tuple(j for j in range(len(axes)) if j != i)
            kept = np.flatnonzero(inside.any(axis=others))
            low, high = max(kept[0] - 1, 0), min(kept[-1] + 1, len(axis) - 1)
            narrowed.append((axis[low], axis[high]))
        return narrowed

    def expectation(self, values: np.ndarray) -> np.ndarray:
        """E f for values = f(scales) [G, ...]."""
        return np.tensordot(self.mass, values, 1)

    def mean_and_sd(self, mean: np.ndarray, variance: np.ndarray | float) -> dict:
        """{mean, sd} of a quantity with this conditional mean and variance [G, ...]."""
        first = self.expectation(mean)
        second = self.expectation(variance + mean**2)
        return {"mean": first, "sd": np.sqrt(second - first**2)}

    def coefficients(self) -> dict:
        """{mean [m], sd [m]} of the coefficients."""
        return self.mean_and_sd(self.mean, np.diagonal(self.covariance, axis1=1, axis2=2))

    def draws(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Independent (scales [n, k], coefficients [n, m]), by rejection: exact to rounding.

        Proposed from the linear interpolation of the tabulated density in the log scales.
        """
        shape = [len(axis) for axis in self._axes]
        interpolated = RegularGridInterpolator(self._axes, self.mass.reshape(shape))
        steps = np.array([axis[1] - axis[0] for axis in self._axes])
        kept, missing = [], n
        while missing > 0:
            proposed = self._propose(min(missing + missing // 4 + 10, CHUNK), rng)
            found = self._condition(proposed)
            log_mass = found.log_weight + np.log(steps).sum() - self.log_evidence
            ratio = np.exp(log_mass) / interpolated(proposed)
            chosen = np.flatnonzero(EXCESS * rng.random(len(ratio)) < ratio)[:missing]
            # With precision L L', inv(L') times standard normals has the inverse as covariance.
            upper = torch.from_numpy(found.factor[chosen]).mT
            noise = torch.from_numpy(rng.standard_normal((*found.mean[chosen].shape, 1)))
            noise = torch.linalg.solve_triangular(upper, noise, upper=True)[..., 0].numpy()
            kept.append((np.exp(proposed[chosen]), found.mean[chosen] + noise))
            missing -= len(chosen)
        scales, coefficients = zip(*kept, strict=True)
        return np.concatenate(scales), np.concatenate(coefficients)

    def _propose(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """About n log scales from the linear interpolation of the tabulated density: [N, k]."""
        grid = np.log(self.scales[rng.choice(len(self.mass), n, p=self.mass)])
        steps = np.array([axis[1] - axis[0] for axis in self._axes])
        proposed = grid + steps * rng.triangular(-1, 0, 1, grid.shape)
        low, high = (np.array([axis[end] for axis in self._axes]) for end in (0, -1))
        return proposed[np.all((low <= proposed) & (proposed <= high), axis=1)]


def _product(axes: list[np.ndarray]) -> np.ndarray:
    """Every combination of the axes' points: [G, k], the last axis fastest."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))


def _log_trapezoid(axes: list[np.ndarray]) -> np.ndarray:
    """The logarithm of each grid point's weight in the integral: [G]."""
    total = np.zeros(1)
    for axis in axes:
        weights = np.full(len(axis), np.log(axis[1] - axis[0]))
        weights[[0, -1]] -= np.log(2)
        total = (total[:, None] + weights).ravel()
    return total
