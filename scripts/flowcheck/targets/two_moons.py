"""Two crescents on a ring, facing each other: potential U1 of Rezende & Mohamed.

"Variational Inference with Normalizing Flows", 2015 (arXiv 1505.05770), table 1, with narrower
crescents, so that a barrier of some twelve nats keeps chains on the side where they started.
"""

import math

import numpy as np
import torch
from torch import Tensor

RADIUS = 2.0
# The range and the points of the quadrature: spacing a tenth of the narrowest width or less.
EDGE, POINTS = 4.5, 1801


class Target:
    """thickness: of the ring; width: of a crescent along the first axis, around +-2."""

    dim = 2
    batched = True

    def __init__(self, data: dict, thickness: float = 0.2, width: float = 0.4):
        self.thickness, self.width = thickness, width

    def log_density(self, theta: Tensor) -> Tensor:
        # The square root has no gradient at the centre, where nothing ever is.
        radius = theta.square().sum(-1).clamp(min=1e-30).sqrt()
        left, right = (((theta[..., 0] + s) / self.width).square() for s in (RADIUS, -RADIUS))
        crescents = torch.logaddexp(-0.5 * left, -0.5 * right)
        return crescents - 0.5 * ((radius - RADIUS) / self.thickness).square()

    def exact(self) -> dict:
        log_evidence, sds = self._integrate(POINTS)
        coarser, _ = self._integrate(POINTS // 2 + 1)
        return {
            "log_evidence": log_evidence,
            "expectations": {"theta": {"mean": np.zeros(2), "sd": sds}},
            "method": f"trapezoidal rule over the plane, {POINTS} points a side; means by symmetry",
            "tolerance": abs(log_evidence - coarser),
        }

    def _integrate(self, points: int) -> tuple[float, np.ndarray]:
        """(log of the integral, sd [2]) on a square grid; the density has decayed at its edge."""
        axis = torch.linspace(-EDGE, EDGE, points, dtype=torch.float64)
        theta = torch.cartesian_prod(axis, axis)
        log_p = self.log_density(theta)
        log_sum = torch.logsumexp(log_p, 0)
        second = (log_p - log_sum).exp() @ theta.square()
        return float(log_sum + 2 * (axis[1] - axis[0]).log()), second.sqrt().numpy()

    def exact_draws(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """By rejection from the ring with its angle uniform and its radius Gaussian times r."""
        kept, missing = [], n
        highest = RADIUS + 8 * self.thickness
        # exp(-a) + exp(-b) with a = b = 0 at best, and never both.
        crescents_at_most = 1 + math.exp(-0.5 * (2 * RADIUS / self.width) ** 2)
        while missing > 0:
            size = 40 * missing
            radius = RADIUS + self.thickness * rng.standard_normal(size)
            angle = rng.uniform(0, 2 * math.pi, size)
            theta = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
            crescents = sum(
                np.exp(-0.5 * ((theta[:, 0] + s) / self.width) ** 2) for s in (RADIUS, -RADIUS)
            )
            chance = np.where(radius > 0, radius / highest, 0) * crescents / crescents_at_most
            accepted = theta[rng.random(size) < chance][:missing]
            kept.append(accepted)
            missing -= len(accepted)
        return np.concatenate(kept)

    def describe(self) -> str:
        return (
            "Two thin crescents on a ring of radius 2, mirror images of each other with a barrier "
            "between them. Each mode is curved, and a chain rarely crosses to the other."
        )
