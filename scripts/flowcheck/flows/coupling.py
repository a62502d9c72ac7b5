"""Coupling flows: each half of the coordinates is moved in turn, by networks of the other half.

Dinh, Krueger & Bengio, 2014 (arXiv 1410.8516), section 3; Dinh, Sohl-Dickstein & Bengio, 2016
(arXiv 1605.08803), section 3. What a network's output does to a coordinate is the transformer's.
"""

from functools import partial

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.flows.mlp import initial_mlp, mlp
from flowcheck.flows.transformers import Transformer

# A network's name, and which half (0 is left) it is given and which it moves, in order.
STEPS = (("right", 0, 1), ("left", 1, 0))


class CouplingFlow(base.Flow):
    """`blocks` times: right is moved given left, then left given right.

    left is the first dim // 2 coordinates, right the others; between blocks they are shuffled.
    The networks are perceptrons with hidden layers of the sizes in `hidden`. Raises ValueError
    below two dimensions.
    """

    def __init__(
        self, dim: int, blocks: int, hidden: list[int], activation: str, transformer: Transformer
    ):
        if dim < 2:
            raise ValueError("a coupling needs at least two dimensions: use the planar flow")
        super().__init__(dim)
        self.blocks, self.hidden, self.activation = blocks, list(hidden), activation
        self.transformer = transformer
        self.split = (dim // 2, dim - dim // 2)

    def initial(self, generator: Generator, init: str) -> Params:
        """Linear layers as PyTorch's; "near_identity" zeroes the last: no coordinate is moved."""
        return self.initial_networks(generator, zero_last=init == "near_identity")

    def initial_networks(self, generator: Generator, zero_last: bool) -> Params:
        """The parameters of all networks, in the order in which they act."""
        params = {}
        for k in range(self.blocks):
            for name, still, moved in STEPS:
                width = self.split[moved] * self.transformer.width
                sizes = [self.split[still], *self.hidden, width]
                nets = self.transformer.nets
                params |= initial_mlp(f"{name}{k}", nets, sizes, generator, zero_last)
        return params

    def scale(self, params: Params) -> Tensor | None:
        """What multiplies each coordinate at the end of each block, [..., blocks, dim] > 0.

        None: nothing does.
        """
        return None

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        halves = self._halves(z)
        scales, log_det = self._scales(params, z)
        for k in range(self.blocks):
            for name, still, moved in STEPS:
                given = self._parameters(params, f"{name}{k}", halves[still])
                halves[moved], log_slope = self.transformer.forward(given, halves[moved])
                log_det = log_det + log_slope.sum(-1)
            if scales:
                halves = [half * scale for half, scale in zip(halves, scales[k], strict=True)]
            if k < self.blocks - 1:
                halves = self._shuffled(halves)
        return torch.cat(halves, -1), log_det

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through: after each block."""
        halves = self._halves(z)
        scales, _ = self._scales(params, z)
        places = [self._in_final_order(halves, self.blocks - 1)]
        for k in range(self.blocks):
            for name, still, moved in STEPS:
                given = self._parameters(params, f"{name}{k}", halves[still])
                halves[moved], _ = self.transformer.forward(given, halves[moved])
            if scales:
                halves = [half * scale for half, scale in zip(halves, scales[k], strict=True)]
            places.append(self._in_final_order(halves, self.blocks - 1 - k))
            halves = self._shuffled(halves)
        return places

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse: the steps of `forward` undone in reverse."""
        halves = self._halves(x)
        scales, log_det = self._scales(params, x)
        log_det = -log_det
        for k in reversed(range(self.blocks)):
            if k < self.blocks - 1:
                halves = self._unshuffled(halves)
            if scales:
                halves = [half / scale for half, scale in zip(halves, scales[k], strict=True)]
            for name, still, moved in reversed(STEPS):
                given = self._parameters(params, f"{name}{k}", halves[still])
                halves[moved], log_slope = self.transformer.inverse(given, halves[moved])
                log_det = log_det + log_slope.sum(-1)
        return torch.cat(halves, -1), log_det

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score.

        J is triangular: the transformer takes the score of the half that moves across it, and what
        that makes of a change in its parameters is pulled back to the half that stays.
        """
        halves, scores = self._halves(z), self._halves(-z)
        scales, log_det = self._scales(params, z)
        for k in range(self.blocks):
            for name, still, moved in STEPS:
                networks = partial(self._parameters, params, f"{name}{k}")
                given, pull_back = torch.func.vjp(networks, halves[still])
                halves[moved], log_slope, scores[moved], cotangents = (
                    self.transformer.forward_and_score(given, halves[moved], scores[moved])
                )
                (pulled,) = pull_back(cotangents)
                scores[still] = (scores[still] - pulled).detach()
                log_det = log_det + log_slope.sum(-1)
            if scales:
                halves = [half * scale for half, scale in zip(halves, scales[k], strict=True)]
                scores = [
                    score / scale.detach() for score, scale in zip(scores, scales[k], strict=True)
                ]
            if k < self.blocks - 1:
                halves, scores = self._shuffled(halves), self._shuffled(scores)
        return torch.cat(halves, -1), log_det, torch.cat(scores, -1)

    def _parameters(self, params: Params, name: str, still: Tensor) -> tuple[Tensor, ...]:
        raw = mlp(params, name, len(self.hidden) + 1, still, self.activation)
        return self.transformer.parameters(raw)

    def _halves(self, x: Tensor) -> list[Tensor]:
        return list(x.split(self.split, dim=-1))

    def _scales(self, params: Params, z: Tensor) -> tuple[list | None, Tensor]:
        """Each block's scales of both halves, [..., 1, n] each, and their log determinant."""
        scale = self.scale(params)
        if scale is None:
            return None, z.new_zeros(z.shape[:-1])
        rows = [scale[..., k, None, :] for k in range(self.blocks)]
        log_det = scale.log().sum((-1, -2)).unsqueeze(-1)
        return [self._halves(row) for row in rows], log_det.expand(z.shape[:-1])

    def _shuffled(self, halves: list[Tensor]) -> list[Tensor]:
        """The halves between two blocks: a riffle, so that other coordinates meet in the next.

        right's last coordinate comes first, then left's first, right's last but one, and so on.
        In two dimensions nothing is shuffled: each half is one coordinate, and both move.
        """
        if self.dim == 2:
            return halves
        left, right = halves
        n = self.split[0]
        right = right.flip(-1)
        pairs = torch.stack([right[..., :n], left], -1).flatten(-2)
        return self._halves(torch.cat([pairs, right[..., n:]], -1))

    def _in_final_order(self, halves: list[Tensor], shuffles: int) -> Tensor:
        """The coordinates as the shuffles still to come will leave them."""
        for _ in range(shuffles):
            halves = self._shuffled(halves)
        return torch.cat(halves, -1)

    def _unshuffled(self, halves: list[Tensor]) -> list[Tensor]:
        """What `_shuffled` was given."""
        if self.dim == 2:
            return halves
        x, n = torch.cat(halves, -1), self.split[0]
        right, left = x[..., : 2 * n].unflatten(-1, (n, 2)).unbind(-1)
        return [left, torch.cat([right, x[..., 2 * n :]], -1).flip(-1)]
