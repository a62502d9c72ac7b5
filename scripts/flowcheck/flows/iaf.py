"""Inverse autoregressive flow: fast from z to x, and a pass for each coordinate back.

Kingma, Salimans, Jozefowicz, Chen, Sutskever & Welling, "Improving Variational Inference with
Inverse Autoregressive Flow", 2016 (arXiv 1606.04934), section 4, with a bounded log scale.
"""

from typing import Literal

from torch import Tensor

from flowcheck.flows.autoregressive import AutoregressiveFlow
from flowcheck.flows.base import Params
from flowcheck.flows.transformers import Affine
from flowcheck.settings import Count, Positive


class Flow(AutoregressiveFlow):
    """`layers` times x_i = z_i exp(s) + t, with s and t of the z_j before i, the order in turns.

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
        return self.fast(params, z)

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through: after each layer."""
        places = [z]
        for layer in self.layers:
            places.append(layer.fast(params, places[-1])[0])
        return places

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse."""
        return self.solve(params, x)

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score: each layer's Jacobian is triangular, and solved with."""
        log_det, score = z.new_zeros(z.shape[:-1]), -z
        for layer in self.layers:
            matrix, gradient = layer.derivatives(params, z)
            score = layer.divide(matrix, score - gradient, transposed=True)
            z, change = layer.fast(params, z)
            log_det = log_det + change
        return z, log_det, score.detach()
