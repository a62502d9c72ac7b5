"""Eight schools, centred: theta_j ~ N(mu, tau^2), y_j ~ N(theta_j, s_j^2).

The same model and evidence as `eight_schools`; the effects theta_j = mu + tau e_j take the place of
e_j, and where tau is small they are squeezed together: a funnel (Betancourt & Girolami,
"Hamiltonian Monte Carlo for Hierarchical Models", 2013, arXiv 1312.0906).
"""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from flowcheck.densities import half_cauchy, normal, normal_vector
from flowcheck.scale_mixture import ScaleMixture
from flowcheck.targets.eight_schools import METHOD, SCHOOLS, posterior


class Target:
    """data: y [n] and their standard errors s [n]; scale: of mu's prior and of tau's."""

    batched = True

    def __init__(self, data: dict, scale: float = 5.0):
        data = data or SCHOOLS
        self.y, self.s = torch.as_tensor(data["y"]), torch.as_tensor(data["s"])
        self.scale = scale
        self.parameters = {"mu": "real", "tau": "positive", "theta": ("real", len(self.y))}

    def log_density(self, mu: Tensor, tau: Tensor, theta: Tensor) -> Tensor:
        prior = normal(mu, 0.0, self.scale) + half_cauchy(tau, self.scale)
        effects = normal_vector(theta, mu.unsqueeze(-1), tau)
        return prior + effects + normal(self.y, theta, self.s).sum(-1)

    @cached_property
    def _posterior(self) -> ScaleMixture:
        return posterior(self.y.numpy(), self.s.numpy(), self.scale)

    def exact(self) -> dict:
        mixture = self._posterior
        tau, cov = mixture.scales, mixture.covariance
        # theta_j = mu + tau e_j, given tau a sum of two correlated Gaussians.
        mean = mixture.mean[:, :1] + tau * mixture.mean[:, 1:]
        own = np.diagonal(cov, axis1=1, axis2=2)[:, 1:]
        variance = cov[:, 0, :1] + 2 * tau * cov[:, 0, 1:] + tau**2 * own
        return {
            "log_evidence": mixture.log_evidence,
            "expectations": {
                "mu": {key: value[0] for key, value in mixture.coefficients().items()},
                "tau": mixture.mean_and_sd(tau[:, 0], 0.0),
                "theta": mixture.mean_and_sd(mean, variance),
            },
            "method": METHOD,
            "tolerance": mixture.tolerance,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        tau, rest = self._posterior.draws(n, rng)
        mu, e = rest[:, :1], rest[:, 1:]
        return {"mu": mu[:, 0], "tau": tau[:, 0], "theta": mu + tau * e}

    def describe(self) -> str:
        return (
            "Eight schools in the centred form: effects theta_j ~ N(mu, tau). Where tau is small "
            "the effects are squeezed together, a funnel that Hamiltonian Monte Carlo does not "
            "explore; the non-centred form of the same model is easy."
        )
