"""Two unit Gaussians far apart, the first with the smaller weight.

The textbook case of what reverse KL and Markov chains cannot see: an approximation that covers one
mode, or a chain that stays in one, looks perfect from inside.
"""

import math

import numpy as np
import torch
from torch import Tensor

from flowcheck.gaussian import standard_normal_log_prob


class Target:
    """weight: of the mode at -distance/2 on the first axis; the other lies at +distance/2."""

    batched = True

    def __init__(self, data: dict, dim: int = 2, weight: float = 0.3, distance: float = 8.0):
        self.dim, self.weight, self.distance = dim, weight, distance
        self._shift = torch.zeros(dim, dtype=torch.float64)
        self._shift[0] = distance / 2

    def log_density(self, theta: Tensor) -> Tensor:
        left = standard_normal_log_prob(theta + self._shift) + math.log(self.weight)
        right = standard_normal_log_prob(theta - self._shift) + math.log(1 - self.weight)
        return torch.logaddexp(left, right)

    def exact(self) -> dict:
        mean, sd = np.zeros(self.dim), np.ones(self.dim)
        mean[0] = (0.5 - self.weight) * self.distance
        sd[0] = math.sqrt(1 + self.weight * (1 - self.weight) * self.distance**2)
        return {
            "log_evidence": 0.0,
            "expectations": {"theta": {"mean": mean, "sd": sd}},
            "method": "the density is normalised; moments of a mixture",
            "tolerance": 0.0,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        theta = rng.standard_normal((n, self.dim))
        theta[:, 0] += self.distance * ((rng.random(n) >= self.weight) - 0.5)
        return theta

    def describe(self) -> str:
        return (
            f"Two unit Gaussians whose centres are {self.distance:g} apart, with weights "
            f"{self.weight:g} and {1 - self.weight:g}. A chain rarely crosses, and reverse KL "
            f"drops the smaller mode at a cost of only {-math.log(1 - self.weight):.3f} nats."
        )
