"""The banana: y_i ~ N(theta1 + theta2^2, sigma_y^2), theta ~ N(0, sigma_theta^2 I).

The likelihood sees the data only through n, their mean and the sum of squares about the mean, so
two data sets that share these three share the posterior, the evidence and every divergence.
Given theta2, both y and theta1 are Gaussian: everything exact is an integral over theta2 alone.
"""

import math
import os
from typing import NamedTuple

import numpy as np
from torch import Tensor, float64, stack, tensor

from flowcheck import observations
from flowcheck.gaussian import LOG_2PI
from flowcheck.precision import EPSILON, require_digits, require_variance
from flowcheck.quadrature import TabulatedDensity, tabulate
from flowcheck.settings import Positive

# How far below its peak, in nats, the marginal of theta2 lies at the ends of the quadrature range.
NATS_BELOW_PEAK = 80.0


def read_data(source: str | None, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """{"y": [n]}: generated ("embedded", or None), published ("course"), or from a .npy file."""
    if source in (None, "embedded"):
        return {"y": observations.embedded(rng)}
    if source == "course":
        return {"y": observations.published(os.environ.get("FLOWCHECK_DATA"))}
    return {"y": observations.own(source)}


class Marginal(NamedTuple):
    """The marginal of theta2 given y, tabulated over tau = theta2 - centre.

    Where centre > 0 the posterior has two islands, mirror images, and this is the one on the right.
    excess: theta2^2 - offset at the grid's points, computed without cancellation; log_peak: log of
    the unnormalised marginal where the tabulated log density is 0.
    """

    density: TabulatedDensity
    centre: float
    offset: float
    excess: np.ndarray
    log_peak: float


class Target:
    """The posterior of theta = (theta1, theta2), with its exact truth.

    data: {"y": [n]}; sigma_y, sigma_theta: standard deviations of the noise and of the prior.
    """

    dim = 2
    batched = True

    def __init__(self, data: dict, sigma_y: Positive = 2.0, sigma_theta: Positive = 1.0):
        y = np.asarray(data["y"], dtype=np.float64)
        self.n = y.size
        self.mean_y = float(y.mean())
        self.squares = float(np.sum((y - y.mean()) ** 2))
        self.sigma_y, self.sigma_theta = float(sigma_y), float(sigma_theta)
        # An over-dispersed start for a sampler: wider than the prior, hence than the posterior.
        self.init_scale = 2 * self.sigma_theta
        # What the density is computed with: a tensor, so that compiled code takes it as an input
        # and serves every banana.
        precision, shrink = self.n / self.sigma_y**2, 1 / self.sigma_theta**2
        # The log density less this is near 0 where the posterior lies.
        self.reference = sum(self._constants())
        numbers = [self.mean_y, precision, shrink, self.reference]
        self._numbers = tensor(numbers, dtype=float64)

    def log_density(self, theta: Tensor) -> Tensor:
        """log p(y, theta), all constants kept; theta [..., 2] -> [...]."""
        return self._numbers[3] + self.relative_log_density(theta)

    def relative_log_density(self, theta: Tensor) -> Tensor:
        """log p(y, theta) less `reference`, which is never added; theta [..., 2] -> [...]."""
        theta1, theta2 = theta.unbind(-1)
        mean_y, precision, shrink, _ = self._numbers.unbind()
        misfit = precision * (mean_y - theta1 - theta2.square()).square()
        size = shrink * (theta1.square() + theta2.square())
        return -0.5 * (misfit + size)

    def gradient(self, theta: Tensor) -> Tensor:
        """Gradient of log_density in theta; theta [..., 2] -> [..., 2]."""
        theta1, theta2 = theta.unbind(-1)
        mean_y, precision, shrink, _ = self._numbers.unbind()
        pull = precision * (mean_y - theta1 - theta2.square())
        return stack([pull - shrink * theta1, 2 * theta2 * pull - shrink * theta2], -1)

    def exact(self) -> dict:
        """Log evidence, mean and variance [2] of theta, moments by name, how they were found.

        Raises PrecisionError where double precision does not know the evidence to 1e-6 nats or
        leaves no variance.
        """
        theta2 = self._marginal_of_theta2()
        weight, spread = self._theta1_given_theta2()
        whole = [*self._constants(), theta2.log_peak]
        log_evidence = sum(whole) + theta2.density.log_normaliser
        # Each term, and each partial sum, is rounded; so were the statistics they are made of.
        tolerance = theta2.density.tolerance + 4 * EPSILON * sum(map(abs, whole))
        require_digits(log_evidence, tolerance, self._data_in_words())
        square2 = theta2.offset + theta2.density.expectation(theta2.excess)
        mean1 = weight * (self.mean_y - square2)
        variance1 = weight**2 * theta2.density.variance(theta2.excess) + spread
        for name, variance in (("theta1", variance1), ("theta2", square2)):
            require_variance(variance, name, self._data_in_words())
        squares = (variance1 + mean1**2, square2)
        grid = theta2.density.grid
        return {
            "log_evidence": log_evidence,
            "mean": [mean1, 0.0],
            "variance": [variance1, square2],
            "moments": dict(zip(self.moments, (mean1, 0.0, *squares, 0.0), strict=True)),
            "method": "theta1 integrated out in closed form; trapezoidal rule over theta2 with "
            f"{grid.size} points on [{theta2.centre + grid[0]:.4g}, {theta2.centre + grid[-1]:.4g}]"
            + (" and, by symmetry, on its mirror image" if theta2.centre else ""),
            "tolerance": tolerance,
        }

    # The functions whose posterior expectations `exact` lists, in order: theta [..., 2] -> [...].
    moments = {  # noqa: RUF012, a constant
        "theta1": lambda theta: theta[..., 0],
        "theta2": lambda theta: theta[..., 1],
        "theta1^2": lambda theta: theta[..., 0] ** 2,
        "theta2^2": lambda theta: theta[..., 1] ** 2,
        "theta2^3": lambda theta: theta[..., 1] ** 3,
    }

    def exact_draws(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Independent draws from the posterior, shape [draws, 2]."""
        marginal = self._marginal_of_theta2()
        theta2 = marginal.centre + marginal.density.draw(draws, rng)
        if marginal.centre:
            theta2 *= rng.choice([-1.0, 1.0], draws)
        weight, spread = self._theta1_given_theta2()
        noise = np.sqrt(spread) * rng.standard_normal(draws)
        return np.stack([weight * (self.mean_y - theta2**2) + noise, theta2], axis=-1)

    def _data_in_words(self) -> str:
        return (
            f"the banana's data y (n = {self.n}, mean {self.mean_y:.6g}, sum of squares about the "
            f"mean {self.squares:.6g}, with sigma_y = {self.sigma_y:g} and sigma_theta = "
            f"{self.sigma_theta:g})"
        )

    def _constants(self) -> tuple[float, float, float]:
        """The terms of log p(y, theta) that no theta changes."""
        return (
            -0.5 * self.n * (LOG_2PI + 2 * math.log(self.sigma_y)),
            -0.5 * self.squares / self.sigma_y**2,
            -(LOG_2PI + 2 * math.log(self.sigma_theta)),
        )

    def _theta1_given_theta2(self) -> tuple[float, float]:
        """(w, v) of theta1 | theta2, y ~ N(w (mean_y - theta2^2), v)."""
        total = self.sigma_y**2 + self.n * self.sigma_theta**2
        return self.n * self.sigma_theta**2 / total, (self.sigma_y * self.sigma_theta) ** 2 / total

    def _marginal_of_theta2(self) -> Marginal:
        """p(theta2, y) without `_constants`: theta1 integrated out, y - theta2^2 ~ noise + prior.

        With V = sigma_theta^2 + sigma_y^2 / n and s = mean_y - V / (2 sigma_theta^2), its log is
        -(theta2^2 - s)^2 / 2V, up to a constant: normal in theta2^2. So s and V say where its
        mass lies, and differences from its peak need no large number's.
        """
        prior, noise = self.sigma_theta**2, self.sigma_y**2 / self.n
        v = prior + noise
        s = self.mean_y - v / (2 * prior)
        offset, beyond = max(s, 0.0), max(-s, 0.0)
        reach = math.sqrt(2 * NATS_BELOW_PEAK * v)
        # theta2^2 <= offset + farthest where the log density is within NATS_BELOW_PEAK of its peak.
        farthest = reach**2 / (beyond + math.hypot(beyond, reach))
        islands = s > reach
        centre = math.sqrt(s) if islands else 0.0
        if islands:
            low = -reach / (centre + math.sqrt(s - reach))
            high = reach / (centre + math.sqrt(s + reach))
        else:
            low, high = -math.sqrt(offset + farthest), math.sqrt(offset + farthest)

        def excess(tau):
            return tau * (2 * centre + tau) - (0.0 if islands else offset)

        def log_density(tau):
            inside = excess(tau)
            log_p = -0.5 * inside * (inside + 2 * beyond) / v
            return np.where(tau > -centre, log_p, -np.inf) if islands else log_p

        peak = self.mean_y**2 / v if s <= 0 else v / (4 * prior**2) + s / prior
        density = tabulate(log_density, low, high)
        log_peak = 0.5 * (LOG_2PI + math.log(noise) + math.log(prior) - math.log(v) - peak)
        log_peak += math.log(2.0) if islands else 0.0
        return Marginal(density, centre, offset, excess(density.grid), log_peak)
