"""The banana: y_i ~ N(theta1 + theta2^2, sigma_y^2), theta ~ N(0, sigma_theta^2 I).

The likelihood sees the data only through n, their mean and the sum of squares about the mean, so
two data sets that share these three share the posterior, the evidence and every divergence.
Given theta2, both y and theta1 are Gaussian: everything exact is an integral over theta2 alone.
"""

import math
import os

import numpy as np
from torch import Tensor, float64, stack, tensor

from flowcheck import observations
from flowcheck.gaussian import LOG_2PI
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
        self._numbers = tensor([self.mean_y, precision, shrink, self._constant()], dtype=float64)

    def log_density(self, theta: Tensor) -> Tensor:
        """log p(y, theta), all constants kept; theta [..., 2] -> [...]."""
        theta1, theta2 = theta.unbind(-1)
        mean_y, precision, shrink, constant = self._numbers.unbind()
        misfit = precision * (mean_y - theta1 - theta2.square()).square()
        size = shrink * (theta1.square() + theta2.square())
        return constant - 0.5 * (misfit + size)

    def gradient(self, theta: Tensor) -> Tensor:
        """Gradient of log_density in theta; theta [..., 2] -> [..., 2]."""
        theta1, theta2 = theta.unbind(-1)
        mean_y, precision, shrink, _ = self._numbers.unbind()
        pull = precision * (mean_y - theta1 - theta2.square())
        return stack([pull - shrink * theta1, 2 * theta2 * pull - shrink * theta2], -1)

    def exact(self) -> dict:
        """Log evidence, mean and variance [2] of theta, moments by name, how they were found."""
        theta2 = self._marginal_of_theta2()
        weight, spread = self._theta1_given_theta2()
        conditional_mean = weight * (self.mean_y - theta2.grid**2)
        mean1 = theta2.expectation(conditional_mean)
        square1 = theta2.expectation(conditional_mean**2) + spread
        square2 = theta2.expectation(theta2.grid**2)
        return {
            "log_evidence": theta2.log_normaliser,
            "mean": [mean1, 0.0],
            "variance": [square1 - mean1**2, square2],
            "moments": dict(zip(self.moments, (mean1, 0.0, square1, square2, 0.0), strict=True)),
            "method": "theta1 integrated out in closed form; trapezoidal rule over theta2 with "
            f"{theta2.grid.size} points on [-{theta2.grid[-1]:.4g}, {theta2.grid[-1]:.4g}]",
            "tolerance": theta2.tolerance,
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
        theta2 = self._marginal_of_theta2().draw(draws, rng)
        weight, spread = self._theta1_given_theta2()
        noise = np.sqrt(spread) * rng.standard_normal(draws)
        return np.stack([weight * (self.mean_y - theta2**2) + noise, theta2], axis=-1)

    def _constant(self) -> float:
        return (
            -0.5 * self.n * (LOG_2PI + 2 * math.log(self.sigma_y))
            - 0.5 * self.squares / self.sigma_y**2
            - (LOG_2PI + 2 * math.log(self.sigma_theta))
        )

    def _theta1_given_theta2(self) -> tuple[float, float]:
        """(w, v) of theta1 | theta2, y ~ N(w (mean_y - theta2^2), v)."""
        total = self.sigma_y**2 + self.n * self.sigma_theta**2
        return self.n * self.sigma_theta**2 / total, (self.sigma_y * self.sigma_theta) ** 2 / total

    def _marginal_of_theta2(self) -> TabulatedDensity:
        """p(theta2, y): theta1 integrated out, so y - theta2^2 has covariance noise + prior."""
        variance = self.sigma_theta**2
        total = self.sigma_y**2 + self.n * variance

        def log_density(theta2):
            misfit = self.n * (self.mean_y - theta2**2) ** 2 / total
            return (
                self._constant()
                + 0.5 * (LOG_2PI + 2 * math.log(self.sigma_y * self.sigma_theta) - math.log(total))
                - 0.5 * (misfit + theta2**2 / variance)
            )

        # Beyond sqrt(mean_y) the misfit only grows: the prior alone bounds the fall from the peak.
        half_width = math.sqrt(max(self.mean_y, 0.0) + 2 * NATS_BELOW_PEAK * variance)
        return tabulate(log_density, half_width)
