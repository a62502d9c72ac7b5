"""Neal's funnel: v ~ N(0, 3^2), x_i ~ N(0, exp(v)), i.e. standard deviation exp(v / 2).

Neal, "Slice sampling", Annals of Statistics 2003, section 8. The neck is too narrow, and the mouth
too wide, for one step size: Hamiltonian Monte Carlo misses the neck, which is its lesson.
"""

import numpy as np
from torch import Tensor

from flowcheck.densities import normal, normal_vector


class Target:
    """Normalised, with closed-form moments and independent draws."""

    batched = True

    def __init__(self, data: dict, dim: int = 10, scale: float = 3.0):
        self.parameters = {"v": "real", "x": ("real", dim - 1)}
        self.scale = scale

    def log_density(self, v: Tensor, x: Tensor) -> Tensor:
        return normal(v, 0.0, self.scale) + normal_vector(x, 0.0, (0.5 * v).exp())

    def exact(self) -> dict:
        (size,) = self.parameters["x"][1:]
        # Var x = E exp(v), the mean of a log-normal variable.
        sd = np.exp(self.scale**2 / 4)
        return {
            "log_evidence": 0.0,
            "expectations": {
                "v": {"mean": 0.0, "sd": self.scale},
                "x": {"mean": np.zeros(size), "sd": np.full(size, sd)},
            },
            "method": "the density is normalised; moments of the log-normal distribution",
            "tolerance": 0.0,
        }

    def exact_draws(self, n: int, rng: np.random.Generator) -> dict:
        v = self.scale * rng.standard_normal(n)
        noise = rng.standard_normal((n, self.parameters["x"][1]))
        return {"v": v, "x": np.exp(v / 2)[:, None] * noise}

    def describe(self) -> str:
        return (
            "Neal's funnel: the standard deviation of the coordinates x is exp(v/2), so the "
            "posterior has a narrow neck and a wide mouth. A sampler with one step size misses the "
            "neck; the non-centred form x = exp(v/2) e would be easy."
        )
