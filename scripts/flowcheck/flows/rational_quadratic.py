"""The monotone rational-quadratic spline with linear tails.

Gregory & Delbourgo, "Piecewise rational quadratic interpolation to monotonic data", 1982; as a
flow's transformer: Durkan, Bekasov, Murray & Papamakarios, "Neural Spline Flows", 2019 (arXiv
1906.04032), section 3.1: eq. 4 for the map, eq. 5 for its slope, eqs. 6 to 8 for the inverse.
"""

import math
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus

from flowcheck.flows.transformers import Transformer

# No bin is narrower or lower than this share of the interval, and no slope at a knot smaller.
MIN_BIN = 1e-3
MIN_SLOPE = 1e-3


class Bin(NamedTuple):
    """Of the bin that contains a point: its lower corner, its size, the slopes at its two knots."""

    x: Tensor
    y: Tensor
    width: Tensor
    height: Tensor
    slope: Tensor
    next_slope: Tensor


class RationalQuadratic(Transformer):
    """`bins` pieces on [-tail_bound, tail_bound], the identity outside, with a continuous slope."""

    def __init__(self, bins: int, tail_bound: float):
        self.bins, self.bound = bins, tail_bound
        self.width = 3 * bins - 1

    def parameters(self, raw: Tensor) -> tuple[Tensor, ...]:
        """See Transformer.parameters: the bins' widths and heights [..., S, n, 2, bins], which fill
        the interval, and the slopes [..., S, n, bins + 1] at their knots, 1 at both ends."""
        raw = raw.squeeze(-3).unflatten(-1, (-1, self.width))
        sizes, slopes = raw.split([2 * self.bins, self.bins - 1], dim=-1)
        shares = MIN_BIN + (1 - MIN_BIN * self.bins) * sizes.unflatten(-1, (2, -1)).softmax(-1)
        # softplus(0 + offset) + MIN_SLOPE = 1
        offset = math.log(math.expm1(1 - MIN_SLOPE))
        slopes = pad(softplus(slopes + offset) + MIN_SLOPE, (1, 1), value=1.0)
        return 2 * self.bound * shares, slopes

    def forward(self, parameters: tuple[Tensor, ...], x: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.forward."""
        return self._move(parameters, x)[0]

    def forward_and_score(
        self, parameters: tuple[Tensor, ...], x: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """See Transformer.forward_and_score.

        The slope's own derivative is taken within the bin: going back to all bins, which is what
        costs, is then done once.
        """
        (y, log_slope), pull_back, (inside, piece, t) = torch.func.vjp(
            partial(self._move, x=x), parameters, has_aux=True
        )
        with torch.no_grad():
            bend = torch.where(inside, _bend(piece, t), 0.0)
            score = (score - bend) * (-log_slope).exp()
        return y, log_slope, score, pull_back((score, torch.ones_like(y)))[0]

    def inverse(self, parameters: tuple[Tensor, ...], y: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.inverse: the root of a quadratic, in its numerically stable form."""
        inside = y.abs() < self.bound
        point = torch.where(inside, y, 0.0)
        piece = self._bin(parameters, point, 1)
        chord = piece.height / piece.width
        rise = point - piece.y
        curvature = piece.slope + piece.next_slope - 2 * chord
        a = piece.height * (chord - piece.slope) + rise * curvature
        b = piece.height * piece.slope - rise * curvature
        c = -chord * rise
        t = 2 * c / (-b - (b.square() - 4 * a * c).clamp(min=0.0).sqrt())
        _, log_slope = _value_and_log_slope(piece, t)
        x = piece.x + t * piece.width
        return torch.where(inside, x, y), torch.where(inside, -log_slope, 0.0)

    def _move(
        self, parameters: tuple[Tensor, ...], x: Tensor
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Bin, Tensor]]:
        """(y, log dy/dx), and how: whether x is inside, its bin, the share of it that lies left."""
        inside = x.abs() < self.bound
        # A point outside takes some value inside, and its result is not used: no NaN in gradients.
        point = torch.where(inside, x, 0.0)
        piece = self._bin(parameters, point, 0)
        t = (point - piece.x) / piece.width
        y, log_slope = _value_and_log_slope(piece, t)
        moved = torch.where(inside, y, x), torch.where(inside, log_slope, 0.0)
        return moved, (inside, piece, t)

    def _bin(self, parameters: tuple[Tensor, ...], point: Tensor, axis: int) -> Bin:
        """The bin that each point lies in, by its x (axis 0) or its y (axis 1).

        Chosen by a product with an indicator: its derivative is one too, where an index's would be
        a scatter, which no processor does fast. All that is chosen is stacked, since a small
        tensor's operations cost as much as a large one's.
        """
        sizes, slopes = parameters
        lower = sizes.cumsum(-1) - sizes - self.bound
        # How many knots inside the interval the point has passed: a NaN is in the first bin.
        index = (point.unsqueeze(-1) >= lower[..., axis, 1:]).sum(-1, keepdim=True)
        chosen = (index == torch.arange(self.bins, device=point.device)).to(point)
        at_knots = torch.stack([slopes[..., :-1], slopes[..., 1:]], -2)
        of_bins = torch.cat([lower, sizes, at_knots], -2)
        return Bin(*(of_bins * chosen.unsqueeze(-2)).sum(-1).unbind(-1))


def _value_and_log_slope(piece: Bin, t: Tensor) -> tuple[Tensor, Tensor]:
    """y and log dy/dx at the share t of a bin's width."""
    chord = piece.height / piece.width
    between = t * (1 - t)
    below = chord + (piece.slope + piece.next_slope - 2 * chord) * between
    y = piece.y + piece.height * (chord * t.square() + piece.slope * between) / below
    rise = piece.next_slope * t.square() + 2 * chord * between + piece.slope * (1 - t).square()
    return y, 2 * chord.log() + rise.log() - 2 * below.log()


def _bend(piece: Bin, t: Tensor) -> Tensor:
    """d log(dy/dx) / dx at the share t of a bin's width."""
    chord = piece.height / piece.width
    excess = piece.slope + piece.next_slope - 2 * chord
    below = chord + excess * t * (1 - t)
    rise = piece.next_slope * t.square() + 2 * chord * t * (1 - t) + piece.slope * (1 - t).square()
    change = 2 * (piece.next_slope * t + chord * (1 - 2 * t) - piece.slope * (1 - t))
    return (change / rise - 2 * excess * (1 - 2 * t) / below) / piece.width
