"""Eight schools, non-centred: mu ~ N(0, 5^2), tau ~ half-Cauchy(5), y_j ~ N(mu + tau e_j, s_j^2).

Rubin, "Estimation in parallel randomized experiments", 1981; Gelman et al., "Bayesian Data
Analysis", 3rd edition, section 5.5. Given tau, y and (mu, e) are jointly Gaussian: everything exact
is an integral over log tau.
"""

import math
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from flowcheck.densities import half_cauchy, normal, normal_vector
from flowcheck.scale_mixture import Conditional, ScaleMixture, linear_model

SCHOOLS = {
    "y": np.array([28.0, 8, -3, 7, -1, 1, 18, 12]),  # effects of coaching, in points
    "s": np.array([15.0, 10, 16, 11, 9, 11, 10, 18]),  # their standard errors
}
METHOD = "mu and e integrated out in closed form; trapezoidal rule over log tau"


def posterior(y: np.ndarray, s: np.ndarray, scale: float) -> ScaleMixture:
    """tau, and the coefficients (mu, e_1, ...) given tau, of both forms of the model."""

    def condition(log_tau: np.ndarray) -> Conditional:
        tau = np.exp(log_tau[:, 0])
        design = np.zeros((len(tau), len(y), 1 + len(y)))
        design[:, :, 0] = 1
        design[:, :, 1:] = tau[:, None, None] * np.eye(len(y))
        information = np.einsum("gni,n,gnj->gij", design, s**-2, design)
        shift = np.einsum("gni,n->gi", design, y / s**2)
        at_zero = -0.5 * np.sum((y / s) ** 2 + 2 * np.log(s) + math.log(2 * math.pi))
        prior_sd = np.r_[scale, np.ones(len(y))]
        found = linear_model(prior_sd, information, shift, np.full(len(tau), at_zero))
        prior = np.log(2 / (np.pi * scale)) - np.log1p((tau / scale) ** 2) + log_tau[:, 0]
        return found._replace(log_weight=found.log_weight + prior)

    return ScaleMixture(condition, [(-60.0, 20.0)])


class Target:
    """data: y [n] and their standard errors s [n]; scale: of mu's prior and of tau's."""

    batched = True

    def __init__(self, data: dict, scale: float = 5.0):
        data = data or SCHOOLS
        self.y, self.s = torch.as_tensor(data["y"]), torch.as_tensor(data["s"])
        self.scale = scale
        self.parameters = {"mu": "real", "tau": "positive", "e": ("real", len(self.y))}

    def log_density(self, mu: Tensor, tau: Tensor, e: Tensor) -> Tensor:
        effects = mu.unsqueeze(-1) + tau.unsqueeze(-1) * e
        prior = normal(mu, 0.0, self.scale) + half_cauchy(tau, self.scale)
        return prior + normal_vector(e, 0.0, 1.0) + normal(self.y, effects, self.s).sum(-1)

    @cached_property
    def _posterior(self) -> ScaleMixture:
        return posterior(self.y.numpy(), self.s.numpy(), self.scale)

    def exact(self) -> dict:
        mixture = self._posterior
        rest = mixture.coefficients()
        return {
            "log_evidence": mixture.log_evidence,
            "expectations": {
                "mu": {key: value[0] for key, value in rest.items()},
                "tau": mixture.mean_and_sd(mixture.scales[:, 0], 0.0),
                "e": {key: value[1:] for key, value in rest.items()},
            },
            "method": METHOD,
            "tolerance": mixture.tolerance,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        tau, rest = self._posterior.draws(n, rng)
        return {"mu": rest[:, 0], "tau": tau[:, 0], "e": rest[:, 1:]}

    def describe(self) -> str:
        return (
            "Eight schools in the non-centred form: effects mu + tau e_j of coaching in parallel "
            "experiments, with e_j standard normal. The scale tau may be near zero, and this form "
            "keeps the geometry easy there."
        )
