"""Radial flow: x = z + beta h(r) (z - z0), r = |z - z0|, h = 1 / (alpha + r), layer by layer.

Rezende & Mohamed, "Variational Inference with Normalizing Flows", 2015 (arXiv 1505.05770): eq. 14
for the map and its determinant, appendix A.2 for the constraint beta >= -alpha that makes it
invertible, here beta = softplus(b) - alpha.
"""

import torch
from torch import Generator, Tensor
from torch.nn.functional import softplus

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.settings import Count


class Flow(base.Flow):
    """`layers` radial maps; parameters centre z0 [layers, dim], log_alpha and b [layers]."""

    def __init__(self, dim: int, layers: Count):
        super().__init__(dim)
        self.layers = layers

    def initial(self, generator: Generator, init: str) -> Params:
        """Standard normal; "near_identity" makes beta, hence the layer's bend, small."""
        centre = torch.randn(self.layers, self.dim, generator=generator)
        log_alpha, b = (torch.randn(self.layers, generator=generator) for _ in range(2))
        if init == "near_identity":
            # softplus(b) = alpha is beta = 0.
            alpha = log_alpha.exp()
            b = alpha + (-(-alpha).expm1()).log() + 0.01 * b
        return {"centre": centre, "log_alpha": log_alpha, "b": b}

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        log_det = z.new_zeros(z.shape[:-1])
        for centre, alpha, reach in self._layers(params):
            radius = _length(z - centre)
            across, along = _stretch(radius, alpha, reach)
            z = centre + across.unsqueeze(-1) * (z - centre)
            log_det = log_det + (self.dim - 1) * across.log() + along.log()
        return z, log_det

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through: after each layer."""
        places = [z]
        for centre, alpha, reach in self._layers(params):
            away = places[-1] - centre
            across, _ = _stretch(_length(away), alpha, reach)
            places.append(centre + across.unsqueeze(-1) * away)
        return places

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse. The radius is the positive root of a quadratic."""
        log_det = x.new_zeros(x.shape[:-1])
        for centre, alpha, reach in reversed(self._layers(params)):
            far = _length(x - centre)
            # far = r (reach + r) / (alpha + r); of the two forms of the root, the one that adds.
            half = 0.5 * (far - reach)
            root = (half.square() + alpha * far).sqrt() + half.abs()
            radius = torch.where(half > 0, root, alpha * far / root)
            across, along = _stretch(radius, alpha, reach)
            x = centre + (x - centre) / across.unsqueeze(-1)
            log_det = log_det - (self.dim - 1) * across.log() - along.log()
        return x, log_det

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score.

        J stretches by `along` in the direction away from the centre and by `across` in the others.
        """
        log_det, score = z.new_zeros(z.shape[:-1]), -z
        for centre, alpha, reach in self._layers(params):
            radius = _length(z - centre)
            across, along = _stretch(radius, alpha, reach)
            away = (z - centre) / radius.unsqueeze(-1)
            # Of both stretches, the derivative in r.
            bend = (alpha - reach) / (alpha + radius).square()
            slope = (self.dim - 1) * bend / across + 2 * alpha * bend / ((alpha + radius) * along)
            outward = (score * away).sum(-1)
            change = (outward - slope) / along - outward / across
            score = (score / across.unsqueeze(-1) + away * change.unsqueeze(-1)).detach()
            z = centre + across.unsqueeze(-1) * (z - centre)
            log_det = log_det + (self.dim - 1) * across.log() + along.log()
        return z, log_det, score

    def _layers(self, params: Params) -> list[tuple[Tensor, Tensor, Tensor]]:
        """centre [..., 1, dim], alpha and alpha + beta [..., 1], of each layer."""
        centres = params["centre"].unsqueeze(-2).unbind(-3)
        alphas = params["log_alpha"].exp().unsqueeze(-1).unbind(-2)
        reaches = softplus(params["b"]).unsqueeze(-1).unbind(-2)
        return list(zip(centres, alphas, reaches, strict=True))


def _length(x: Tensor) -> Tensor:
    """|x|, and of 0 a number that can be divided by and has a derivative."""
    return x.square().sum(-1).clamp(min=torch.finfo(x.dtype).tiny).sqrt()


def _stretch(radius: Tensor, alpha: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """1 + beta h across the direction from the centre, and (r + beta h r)' along it.

    With beta = reach - alpha both are quotients of sums of positive numbers: nothing cancels.
    """
    across = (reach + radius) / (alpha + radius)
    along = (radius.square() + 2 * alpha * radius + alpha * reach) / (alpha + radius).square()
    return across, along
