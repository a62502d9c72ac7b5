"""Masked autoregressive flows: each coordinate is moved by what the ones before it say.

One pass through a masked network (Germain, Gregor, Murray & Larochelle, "MADE", 2015, arXiv
1502.03509, section 4) gives every coordinate's parameters at once, so that one direction of the
layer is fast; the other needs a pass for each coordinate. IAF goes the fast way from z to x
(Kingma et al., 2016, arXiv 1606.04934), MAF from x to z (Papamakarios, Pavlakou & Murray, 2017,
arXiv 1705.07057).
"""

from itertools import pairwise

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.flows.mlp import initial_mlp, mlp, mlp_jacobian
from flowcheck.flows.transformers import Transformer


class MaskedLayer:
    """y_i = T(x_i), with parameters of T that networks make of the x_j before i.

    name: of its parameters; descending: whether the last coordinate comes first.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        hidden: list[int],
        activation: str,
        transformer: Transformer,
        descending: bool,
    ):
        self.name, self.dim, self.activation = name, dim, activation
        self.transformer, self.descending = transformer, descending
        self.sizes = [dim, *hidden, dim * transformer.width]
        self.order = list(reversed(range(dim))) if descending else list(range(dim))
        self.masks = self._masks()

    def initial(self, generator: Generator, zero_last: bool) -> Params:
        """Linear layers as PyTorch's; `zero_last` zeroes the last, so that T is the identity."""
        return initial_mlp(self.name, self.transformer.nets, self.sizes, generator, zero_last)

    def fast(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [..., S, dim] -> y of that shape and log|det dy/dx| [..., S], by one pass."""
        y, log_slope = self.transformer.forward(self._parameters(params, x), x)
        return y, log_slope.sum(-1)

    def derivatives(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of `fast`, held constant: dy/dx [..., S, dim, dim] and the gradient of the log
        determinant [..., S, dim]."""
        with torch.no_grad():
            raw, jacobian = (
                function(params, self.name, len(self.sizes) - 1, x, self.activation, self.masks)
                for function in (mlp, mlp_jacobian)
            )
            (y, _), pull_back = torch.func.vjp(
                lambda raw, x: self.transformer.forward(self.transformer.parameters(raw), x), raw, x
            )
            ones, zeros = torch.ones_like(y), torch.zeros_like(y)
            # Elementwise in the coordinates: the sum's derivatives are each coordinate's own.
            by_raw, by_x = pull_back((ones, zeros))
            bend_raw, bend_x = pull_back((zeros, ones))
            # [..., nets, S, in, out, width], summed over what moves one coordinate.
            shape = (self.dim, self.transformer.width)
            parts = (jacobian * by_raw.unsqueeze(-2)).unflatten(-1, shape)
            matrix = parts.sum((-5, -1)).mT + torch.diag_embed(by_x)
            gradient = (jacobian @ bend_raw.unsqueeze(-1)).squeeze(-1).sum(-3) + bend_x
        return matrix, gradient

    def solve(self, params: Params, y: Tensor) -> tuple[Tensor, Tensor]:
        """y [..., S, dim] -> x of that shape and log|det dx/dy| [..., S]: `fast`, undone."""
        x = self.passes(params, y)
        if torch.is_grad_enabled():
            x = self.attach(params, x, y, self.derivatives(params, x)[0])
        return x, -self.fast(params, x)[1]

    def passes(self, params: Params, y: Tensor) -> Tensor:
        """The x that `fast` takes to y, as a constant: each pass finds the next coordinate."""
        place = torch.arange(self.dim, device=y.device)
        x = torch.zeros_like(y)
        with torch.no_grad():
            for i in self.order:
                found, _ = self.transformer.inverse(self._parameters(params, x), y)
                x = torch.where(place == i, found, x)
        return x

    def attach(self, params: Params, x: Tensor, y: Tensor, matrix: Tensor) -> Tensor:
        """The solution x with its derivatives in y and the parameters; matrix: dy/dx there.

        By a Newton step from x, which leaves it where it is, to rounding.
        """
        return x - self.divide(matrix, self.fast(params, x)[0] - y)

    def divide(self, matrix: Tensor, vector: Tensor, transposed: bool = False) -> Tensor:
        """M^-1 v, or M^-T v, for M = dy/dx of this layer [..., dim, dim] and v [..., dim]."""
        matrix = matrix.mT if transposed else matrix
        upper = self.descending != transposed
        return torch.linalg.solve_triangular(matrix, vector.unsqueeze(-1), upper=upper).squeeze(-1)

    def _parameters(self, params: Params, x: Tensor) -> tuple[Tensor, ...]:
        layers = len(self.sizes) - 1
        raw = mlp(params, self.name, layers, x, self.activation, self.masks)
        return self.transformer.parameters(raw)

    def _masks(self) -> list[Tensor]:
        """[in, out] of 0 and 1 for each layer of the network.

        An input's degree is its place in the order, from 1. A hidden unit of degree m sees inputs
        of degree m at most, and an output only hidden units of a smaller degree than its own.
        """
        place = torch.empty(self.dim, dtype=torch.long)
        place[self.order] = torch.arange(1, self.dim + 1)
        lowest, count = min(1, self.dim - 1), max(1, self.dim - 1)
        degrees = [place]
        degrees += [lowest + torch.arange(size) % count for size in self.sizes[1:-1]]
        masks = [before.unsqueeze(-1) <= after for before, after in pairwise(degrees)]
        last = degrees[-1].unsqueeze(-1) < place.repeat_interleave(self.transformer.width)
        return [mask.float() for mask in (*masks, last)]


class AutoregressiveFlow(base.Flow):
    """`layers` masked layers, in turns from the first coordinate to the last and the other way.

    The networks are perceptrons with hidden layers of the sizes in `hidden`.
    """

    def __init__(
        self, dim: int, layers: int, hidden: list[int], activation: str, transformer: Transformer
    ):
        super().__init__(dim)
        self.layers = [
            MaskedLayer(f"layer{k}", dim, hidden, activation, transformer, descending=k % 2 == 1)
            for k in range(layers)
        ]

    def initial(self, generator: Generator, init: str) -> Params:
        """Linear layers as PyTorch's; "near_identity" zeroes the last, so that f starts as z."""
        params = {}
        for layer in self.layers:
            params |= layer.initial(generator, zero_last=init == "near_identity")
        return params

    def fast(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """All layers, one pass each: x -> y and log|det dy/dx|, shapes as base.Flow.forward's."""
        log_det = x.new_zeros(x.shape[:-1])
        for layer in self.layers:
            x, change = layer.fast(params, x)
            log_det = log_det + change
        return x, log_det

    def solve(self, params: Params, y: Tensor) -> tuple[Tensor, Tensor]:
        """`fast` undone, with `dim` passes for each layer: y -> x and log|det dx/dy|."""
        log_det = y.new_zeros(y.shape[:-1])
        for layer in reversed(self.layers):
            y, change = layer.solve(params, y)
            log_det = log_det + change
        return y, log_det
