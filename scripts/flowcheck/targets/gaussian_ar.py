"""A correlated Gaussian: first-order autoregressive correlations, scales a hundredfold apart."""

import math

import numpy as np
import torch
from torch import Tensor

from flowcheck.gaussian import standard_normal_log_prob


class Target:
    """theta_i = sd_i x_i; x stationary with correlation^|i - j|; sds from `smallest` to `largest`.

    As an AR(1) process x has a whitening that costs one difference: e_i = (x_i - r x_{i-1}) /
    sqrt(1 - r^2), with unit Jacobian but for the scales.
    """

    batched = True

    def __init__(
        self,
        data: dict,
        dim: int = 50,
        correlation: float = 0.9,
        smallest: float = 0.1,
        largest: float = 10.0,
    ):
        self.dim, self.correlation = dim, correlation
        ends = math.log10(smallest), math.log10(largest)
        self.sd = torch.logspace(*ends, dim, dtype=torch.float64)
        self._innovation = math.sqrt(1 - correlation**2)
        self._log_det = -float(self.sd.log().sum()) - (dim - 1) * math.log(self._innovation)

    def log_density(self, theta: Tensor) -> Tensor:
        x = theta / self.sd
        later = (x[..., 1:] - self.correlation * x[..., :-1]) / self._innovation
        return standard_normal_log_prob(torch.cat([x[..., :1], later], -1)) + self._log_det

    def exact(self) -> dict:
        return {
            "log_evidence": 0.0,
            "expectations": {"theta": {"mean": np.zeros(self.dim), "sd": self.sd.numpy()}},
            "method": "the density is normalised; closed-form moments",
            "tolerance": 0.0,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        noise = rng.standard_normal((n, self.dim))
        x = [noise[:, 0]]
        for i in range(1, self.dim):
            x.append(self.correlation * x[-1] + self._innovation * noise[:, i])
        return np.stack(x, -1) * self.sd.numpy()

    def describe(self) -> str:
        return (
            f"A Gaussian in {self.dim} dimensions: neighbours correlate by {self.correlation:g}, "
            f"and standard deviations run from {self.sd[0]:g} to {self.sd[-1]:g}. Mean-field "
            "approximations shrink every standard deviation of it; a full-rank Gaussian is exact."
        )
