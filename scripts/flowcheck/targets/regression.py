"""Conjugate linear regression on scikit-learn's diabetes data: everything in closed form.

variance ~ InverseGamma(shape, rate), b | variance ~ N(0, variance * spread^2 I) for the intercept
and the slopes, y ~ N(intercept + x slopes, variance). Gelman et al., "Bayesian Data Analysis", 3rd
edition, section 14.8; Murphy, "Conjugate Bayesian analysis of the Gaussian distribution", 2007.
"""

import math

import numpy as np
import torch
from scipy.special import gammaln
from torch import Tensor

from flowcheck.densities import LinearGaussian, normal_vector
from flowcheck.gaussian import LOG_2PI


def diabetes() -> dict:
    """x [442, 10], columns with mean 0 and variance 1; y [442], likewise."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return {"x": (x - x.mean(0)) / x.std(0), "y": (y - y.mean()) / y.std()}


class Target:
    """data: x [n, p] and y [n]; by default the diabetes data, every column standardised."""

    batched = True

    def __init__(self, data: dict, spread: float = 2.0, shape: float = 2.0, rate: float = 1.0):
        data = data or diabetes()
        self.design = np.column_stack([np.ones(len(data["y"])), data["x"]])
        self.y = data["y"]
        self._likelihood = LinearGaussian(self.design, self.y)
        self.spread, self.shape, self.rate = spread, shape, rate
        self.parameters = {
            "intercept": "real",
            "slopes": ("real", self.design.shape[1] - 1),
            "variance": "positive",
        }

    def log_density(self, intercept: Tensor, slopes: Tensor, variance: Tensor) -> Tensor:
        b, sigma = torch.cat([intercept.unsqueeze(-1), slopes], -1), variance.sqrt()
        constant = self.shape * math.log(self.rate) - math.lgamma(self.shape)
        prior = constant - (self.shape + 1) * variance.log() - self.rate / variance
        coefficients = normal_vector(b, 0.0, self.spread * sigma)
        return prior + coefficients + self._likelihood.log_prob(b, sigma)

    def exact(self) -> dict:
        mean, precision, shape, rate = self._posterior()
        n, p = self.design.shape
        log_det = np.linalg.slogdet(precision)[1] + 2 * p * math.log(self.spread)
        log_evidence = (
            self.shape * math.log(self.rate) - shape * math.log(rate)
            + gammaln(shape) - gammaln(self.shape) - 0.5 * (n * LOG_2PI + log_det)
        )  # fmt: skip
        variance = rate / (shape - 1)
        # Student's t: the covariance is E variance times the inverse precision.
        sd = np.sqrt(variance * np.diag(np.linalg.inv(precision)))
        return {
            "log_evidence": float(log_evidence),
            "expectations": {
                "intercept": {"mean": mean[0], "sd": sd[0]},
                "slopes": {"mean": mean[1:], "sd": sd[1:]},
                "variance": {"mean": variance, "sd": variance / math.sqrt(shape - 2)},
            },
            "method": "normal inverse gamma: closed form",
            "tolerance": 1e-10,  # rounding
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        mean, precision, shape, rate = self._posterior()
        variance = rate / rng.gamma(shape, size=n)
        factor = np.linalg.cholesky(np.linalg.inv(precision))
        noise = np.sqrt(variance)[:, None] * rng.standard_normal((n, len(mean)))
        b = mean + noise @ factor.T
        return {"intercept": b[:, 0], "slopes": b[:, 1:], "variance": variance}

    def _posterior(self) -> tuple[np.ndarray, np.ndarray, float, float]:
        """b | variance ~ N(mean, variance * precision^-1), variance ~ InverseGamma(shape, rate)."""
        y = self.y
        precision = self.design.T @ self.design + np.eye(self.design.shape[1]) / self.spread**2
        mean = np.linalg.solve(precision, self.design.T @ y)
        rate = self.rate + 0.5 * (y @ y - mean @ precision @ mean)
        return mean, precision, self.shape + 0.5 * len(y), float(rate)

    def describe(self) -> str:
        n, p = self.design.shape
        return (
            f"Linear regression with {p - 1} slopes, an intercept and the noise's variance, on "
            f"{n} data with conjugate priors: evidence, moments and draws are known in closed form."
        )
