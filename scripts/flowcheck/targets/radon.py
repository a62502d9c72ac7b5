"""Varying intercepts, as for the radon data of Gelman & Hill, non-centred, on generated data.

y_i ~ N(mu + slope x_i + sigma_a e_county(i), sigma_y^2), with x_i the floor of the measurement,
e_c ~ N(0, 1), mu, slope ~ N(0, 5^2), sigma_a, sigma_y ~ half-normal(1). Gelman & Hill, "Data
Analysis Using Regression and Multilevel/Hierarchical Models", 2007, chapter 12. Given the two
scales the rest is Gaussian: everything exact is an integral over their logarithms.
"""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from flowcheck.densities import LinearGaussian, half_normal, normal_vector
from flowcheck.scale_mixture import Conditional, ScaleMixture, linear_model, log_noise

# The generated data: counties of 4 to 24 measurements, a fifth of them on the first floor.
COUNTIES, SEED = 40, 12
MU, SLOPE, SIGMA_A, SIGMA_Y = 1.4, -0.7, 0.45, 0.75
PRIOR_SD = 5.0


def generated() -> dict:
    """county [n] (0 to 39), x [n] (0 or 1) and y [n], the same at each call."""
    rng = np.random.default_rng(SEED)
    county = np.repeat(np.arange(COUNTIES), rng.integers(4, 25, COUNTIES))
    x = (rng.random(len(county)) < 0.2).astype(float)
    intercepts = MU + SIGMA_A * rng.standard_normal(COUNTIES)
    y = intercepts[county] + SLOPE * x + SIGMA_Y * rng.standard_normal(len(county))
    return {"county": county.astype(float), "x": x, "y": y}


class Target:
    """data: county [n] counted from 0, x [n] and y [n]; by default generated, 44 dimensions."""

    batched = True

    def __init__(self, data: dict):
        data = data or generated()
        county = data["county"].astype(int)
        self.counties = int(county.max()) + 1
        self.design = np.column_stack(
            [np.ones(len(county)), data["x"], np.eye(self.counties)[county]]
        )
        self.y = data["y"]
        self._likelihood = LinearGaussian(self.design, self.y)
        self.parameters = {
            "mu": "real",
            "slope": "real",
            "sigma_a": "positive",
            "sigma_y": "positive",
            "e": ("real", self.counties),
        }

    def log_density(
        self, mu: Tensor, slope: Tensor, sigma_a: Tensor, sigma_y: Tensor, e: Tensor
    ) -> Tensor:
        common = torch.stack([mu, slope], -1)
        coefficients = torch.cat([common, sigma_a.unsqueeze(-1) * e], -1)
        prior = normal_vector(common, 0.0, PRIOR_SD) + normal_vector(e, 0.0, 1.0)
        scales = half_normal(sigma_a, 1.0) + half_normal(sigma_y, 1.0)
        return prior + scales + self._likelihood.log_prob(coefficients, sigma_y)

    @cached_property
    def _posterior(self) -> ScaleMixture:
        gram, moment = self.design.T @ self.design, self.design.T @ self.y
        n, squares = len(self.y), float(self.y @ self.y)
        prior_sd = np.r_[PRIOR_SD, PRIOR_SD, np.ones(self.counties)]

        def condition(log_scales: np.ndarray) -> Conditional:
            sigma_a, sigma_y = np.exp(log_scales.T)
            # The columns of e are multiplied by sigma_a.
            factor = np.ones((len(log_scales), len(prior_sd)))
            factor[:, 2:] = sigma_a[:, None]
            over = factor / sigma_y[:, None]
            information = gram * over[:, :, None] * over[:, None, :]
            shift = moment * over / sigma_y[:, None]
            found = linear_model(prior_sd, information, shift, log_noise(n, squares, sigma_y))
            prior = np.log(2 / np.pi) - 0.5 * (sigma_a**2 + sigma_y**2) + log_scales.sum(1)
            return found._replace(log_weight=found.log_weight + prior)

        return ScaleMixture(condition, [(-50.0, 3.0), (-3.0, 3.0)])

    def exact(self) -> dict:
        mixture = self._posterior
        rest = mixture.coefficients()
        return {
            "log_evidence": mixture.log_evidence,
            "expectations": {
                "mu": {key: value[0] for key, value in rest.items()},
                "slope": {key: value[1] for key, value in rest.items()},
                "sigma_a": mixture.mean_and_sd(mixture.scales[:, 0], 0.0),
                "sigma_y": mixture.mean_and_sd(mixture.scales[:, 1], 0.0),
                "e": {key: value[2:] for key, value in rest.items()},
            },
            "method": "all but the two scales integrated out in closed form; trapezoidal rule over "
            "the logarithms of the scales",
            "tolerance": mixture.tolerance,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        scales, rest = self._posterior.draws(n, rng)
        return {
            "mu": rest[:, 0],
            "slope": rest[:, 1],
            "sigma_a": scales[:, 0],
            "sigma_y": scales[:, 1],
            "e": rest[:, 2:],
        }

    def describe(self) -> str:
        return (
            f"A hierarchy like that of the radon data: {len(self.y)} measurements in "
            f"{self.counties} counties, an intercept for each in the non-centred form, one slope "
            "and two scales."
        )
