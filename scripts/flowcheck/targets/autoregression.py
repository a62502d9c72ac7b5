"""An autoregression of order five: y_t ~ N(alpha + sum_k beta_k y_{t-k}, sigma^2).

alpha, beta_k ~ N(0, 10^2), sigma ~ half-Cauchy(2.5), and the first five values are given (Stan
User's Guide, "Autoregressive models"; the priors of posteriordb's arK). Given sigma the
coefficients are Gaussian: everything exact is an integral over log sigma.
"""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from flowcheck.densities import LinearGaussian, half_cauchy, normal_vector
from flowcheck.scale_mixture import Conditional, ScaleMixture, linear_model, log_noise

# The generated series: its length, seed and the process it follows, which is stationary.
LENGTH, SEED = 205, 5
BETA, NOISE = (0.5, -0.3, 0.2, -0.15, 0.1), 0.15
PRIOR_SD, SIGMA_SCALE = 10.0, 2.5


def generated() -> dict:
    """y [205] of a stationary process, the same at each call."""
    rng = np.random.default_rng(SEED)
    y = list(NOISE * rng.standard_normal(len(BETA)))
    while len(y) < LENGTH:
        y.append(float(np.dot(BETA, y[: -len(BETA) - 1 : -1]) + NOISE * rng.standard_normal()))
    return {"y": np.array(y)}


class Target:
    """data: y [n], by default a generated series; order: how many values back."""

    batched = True

    def __init__(self, data: dict, order: int = 5):
        y = (data or generated())["y"]
        # Row t holds 1, y_{t-1}, ..., y_{t-order}.
        lags = [y[order - k : len(y) - k] for k in range(1, order + 1)]
        self.design, self.later = np.column_stack([np.ones(len(y) - order), *lags]), y[order:]
        self._likelihood = LinearGaussian(self.design, self.later)
        self.parameters = {"alpha": "real", "beta": ("real", order), "sigma": "positive"}

    def log_density(self, alpha: Tensor, beta: Tensor, sigma: Tensor) -> Tensor:
        coefficients = torch.cat([alpha.unsqueeze(-1), beta], -1)
        prior = normal_vector(coefficients, 0.0, PRIOR_SD) + half_cauchy(sigma, SIGMA_SCALE)
        return prior + self._likelihood.log_prob(coefficients, sigma)

    @cached_property
    def _posterior(self) -> ScaleMixture:
        gram, moment = self.design.T @ self.design, self.design.T @ self.later
        n, squares = len(self.later), float(self.later @ self.later)
        prior_sd = np.full(len(moment), PRIOR_SD)

        def condition(log_sigma: np.ndarray) -> Conditional:
            sigma = np.exp(log_sigma[:, 0])
            information = gram / sigma[:, None, None] ** 2
            shift = moment / sigma[:, None] ** 2
            found = linear_model(prior_sd, information, shift, log_noise(n, squares, sigma))
            prior = np.log(2 / (np.pi * SIGMA_SCALE)) - np.log1p((sigma / SIGMA_SCALE) ** 2)
            return found._replace(log_weight=found.log_weight + prior + log_sigma[:, 0])

        return ScaleMixture(condition, [(-10.0, 10.0)])

    def exact(self) -> dict:
        mixture = self._posterior
        rest = mixture.coefficients()
        return {
            "log_evidence": mixture.log_evidence,
            "expectations": {
                "alpha": {key: value[0] for key, value in rest.items()},
                "beta": {key: value[1:] for key, value in rest.items()},
                "sigma": mixture.mean_and_sd(mixture.scales[:, 0], 0.0),
            },
            "method": "coefficients integrated out in closed form; trapezoidal rule over log sigma",
            "tolerance": mixture.tolerance,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        sigma, rest = self._posterior.draws(n, rng)
        return {"alpha": rest[:, 0], "beta": rest[:, 1:], "sigma": sigma[:, 0]}

    def describe(self) -> str:
        order = self.design.shape[1] - 1
        return (
            f"An autoregression of order {order} on a series of {len(self.later) + order} values, "
            "with wide priors: close to Gaussian, and easy for every method."
        )
