"""Masked autoregressive flow: fast from x to z, and a pass for each coordinate from z to x.

Papamakarios, Pavlakou & Murray, "Masked Autoregressive Flow for Density Estimation", 2017 (arXiv
1705.07057), section 3.1: eq. 4 for the map from x to z, with s = -alpha and t = -mu exp(-alpha).
"""

from typing import Literal

from torch import Tensor

from flowcheck.flows.autoregressive import AutoregressiveFlow
from flowcheck.flows.base import Params
from flowcheck.flows.transformers import Affine
from flowcheck.settings import Count, Positive


class Flow(AutoregressiveFlow):
    """`layers` times z_i = x_i exp(s) + t, with s and t of the x_j before i, the order in turns.

    s and t are separate masked perceptrons with hidden layers of the sizes in `hidden`;
    `scale_bound` c, unless None, makes the log scale c tanh(s / c).
    """

    def __init__(
        self,
        dim: int,
        layers: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"] = "silu",
        scale_bound: Positive | None = 2.0,
    ):
        super().__init__(dim, layers, hidden, activation, Affine(scale_bound))

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        return self.solve(params, z)

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through: after each layer."""
        places = [z]
        for layer in reversed(self.layers):
            places.append(layer.solve(params, places[-1])[0])
        return places

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse."""
        return self.fast(params, x)

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score: the chain rule along the inverse, layer by layer."""
        log_det, score = z.new_zeros(z.shape[:-1]), -z
        for layer in reversed(self.layers):
            x = layer.passes(params, z)
            matrix, gradient = layer.derivatives(params, x)
            score = (matrix.mT @ score.unsqueeze(-1)).squeeze(-1) + gradient
            z = layer.attach(params, x, z, matrix)
            log_det = log_det - layer.fast(params, z)[1]
        return z, log_det, score.detach()
