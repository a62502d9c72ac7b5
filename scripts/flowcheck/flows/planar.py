"""Planar flow: x = z + u_hat tanh(w.z + b), layer by layer.

Rezende & Mohamed, "Variational Inference with Normalizing Flows", 2015 (arXiv 1505.05770):
eq. 10 for the map, eqs. 11 and 12 for its determinant, appendix A.1 for the constraint
w.u_hat >= -1 that makes it invertible, u_hat = u + (m(w.u) - w.u) w / |w|^2 with
m(a) = softplus(a) - 1.
"""

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus
from torch.special import expit

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.settings import Count

# Each bisection halves the bracket: 64 exhaust float64's 53 bits, with some to spare.
BISECTIONS = 64


class Flow(base.Flow):
    """`layers` planar maps; parameters w, u [layers, dim] and b [layers]."""

    def __init__(self, dim: int, layers: Count):
        super().__init__(dim)
        self.layers = layers

    def initial(self, generator: Generator, init: str) -> Params:
        """Standard normal, as published; "near_identity" makes u, hence the layer's bend, small."""
        shape = (self.layers, self.dim)
        w, u = (torch.randn(shape, generator=generator) for _ in range(2))
        b = torch.randn(self.layers, generator=generator)
        return {"w": w, "u": 0.01 * u if init == "near_identity" else u, "b": b}

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        log_det = z.new_zeros(z.shape[:-1])
        for w, u_hat, b, bend in self._layers(params):
            tanh, slope = tanh_and_slope((z * w).sum(-1) + b)
            z = z + u_hat * tanh.unsqueeze(-1)
            log_det = log_det + determinant(tanh, slope, bend).log()
        return z, log_det

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through: after each layer."""
        places = [z]
        for w, u_hat, b, _ in self._layers(params):
            tanh, _ = tanh_and_slope((places[-1] * w).sum(-1) + b)
            places.append(places[-1] + u_hat * tanh.unsqueeze(-1))
        return places

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse. Each layer is the root of a scalar equation, by bisection.

        With a = w.z, the equation a + (w.u_hat) tanh(a + b) = w.x has one root, within |w.u_hat|
        of w.x. At the edge of the constraint its slope vanishes, and the root loses digits.
        """
        log_det = x.new_zeros(x.shape[:-1])
        for w, u_hat, b, bend in reversed(self._layers(params)):
            tanh, slope = tanh_and_slope(self._root((x * w).sum(-1), bend - 1, b) + b)
            x = x - u_hat * tanh.unsqueeze(-1)
            log_det = log_det - determinant(tanh, slope, bend).log()
        return x, log_det

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score.

        J = I + tanh'(a) u_hat w^T, whose inverse is Sherman and Morrison's.
        """
        log_det, score = z.new_zeros(z.shape[:-1]), -z
        for w, u_hat, b, bend in self._layers(params):
            tanh, slope = tanh_and_slope((z * w).sum(-1) + b)
            det = determinant(tanh, slope, bend)
            gain = 2 * (bend - 1) * tanh / det - (score * u_hat).sum(-1)
            score = (score + w * (gain * slope / det).unsqueeze(-1)).detach()
            z = z + u_hat * tanh.unsqueeze(-1)
            log_det = log_det + det.log()
        return z, log_det, score

    def _layers(self, params: Params) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """w and u_hat [..., 1, dim], b and bend = 1 + w.u_hat [..., 1], of each layer.

        The 1 is the place of the draws. bend = softplus(w.u) is never negative, where 1 + w.u_hat
        computed from u_hat would cancel.
        """
        w, u = params["w"], params["u"]
        wu = (w * u).sum(-1, keepdim=True)
        bend = softplus(wu)
        u_hat = u + (bend - 1 - wu) * w / w.square().sum(-1, keepdim=True)
        vectors = (vector.unsqueeze(-2).unbind(-3) for vector in (w, u_hat))
        numbers = (number.unbind(-2) for number in (params["b"].unsqueeze(-1), bend))
        return list(zip(*vectors, *numbers, strict=True))

    @staticmethod
    def _root(wx: Tensor, slope: Tensor, b: Tensor) -> Tensor:
        """The a that solves a + slope tanh(a + b) = wx, for slope >= -1."""
        low, high = wx - slope.abs(), wx + slope.abs()
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            too_low = middle + slope * (middle + b).tanh() < wx
            low, high = torch.where(too_low, middle, low), torch.where(too_low, high, middle)
        return 0.5 * (low + high)


def tanh_and_slope(a: Tensor) -> tuple[Tensor, Tensor]:
    """tanh(a), and 1 - tanh(a)^2 in a form of full relative accuracy however large a is."""
    return a.tanh(), 4 * expit(2 * a) * expit(-2 * a)


def determinant(tanh: Tensor, slope: Tensor, bend: Tensor) -> Tensor:
    """1 + (w.u_hat) slope, as a sum of two terms that are never negative: nothing cancels."""
    return tanh.square() + slope * bend
