"""Monotone maps of one coordinate, applied to many at once: what a coupling or masked layer moves.

Each network of such a layer gives numbers per coordinate, `parameters` makes a map's parameters of
them, and the map is applied elementwise. The log determinant is a sum over coordinates.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class Transformer(ABC):
    """y = T(x) elementwise for x [..., S, n].

    nets: how many separate networks give its parameters; width: numbers of each per coordinate.
    """

    nets = 1
    width = 1

    @abstractmethod
    def parameters(self, raw: Tensor) -> tuple[Tensor, ...]:
        """The networks' outputs [..., nets, S, n * width] -> parameters, each [..., S, n(, ...)].

        Where they are all zero, T is the identity.
        """

    @abstractmethod
    def forward(self, parameters: tuple[Tensor, ...], x: Tensor) -> tuple[Tensor, Tensor]:
        """x [..., S, n] -> y of that shape and the logarithm of dy/dx of each coordinate."""

    @abstractmethod
    def inverse(self, parameters: tuple[Tensor, ...], y: Tensor) -> tuple[Tensor, Tensor]:
        """y [..., S, n] -> x of that shape and the logarithm of dx/dy of each coordinate."""

    def forward_and_score(
        self, parameters: tuple[Tensor, ...], x: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """As `forward`, then the score at y (held constant) and the cotangents of the parameters.

        score: d log q / dx, the parameters held. The cotangents are the gradient of
        log dy/dx + (score at y) y in the parameters: pulled back through the networks, they are
        what the score of the coordinates that gave the parameters must be reduced by.
        """
        (y, log_slope), pull_back = torch.func.vjp(self.forward, parameters, x)
        ones = torch.ones_like(y)
        bend = pull_back((torch.zeros_like(y), ones))[1]
        score = ((score - bend) * (-log_slope).exp()).detach()
        return y, log_slope, score, pull_back((score, ones))[0]


class Shift(Transformer):
    """y = x + t: the additive coupling law of Dinh, Krueger & Bengio, 2014 (arXiv 1410.8516)."""

    def parameters(self, raw: Tensor) -> tuple[Tensor, ...]:
        """See Transformer.parameters: the shift t."""
        return (raw.squeeze(-3),)

    def forward(self, parameters: tuple[Tensor, ...], x: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.forward."""
        (shift,) = parameters
        return x + shift, torch.zeros_like(x)

    def inverse(self, parameters: tuple[Tensor, ...], y: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.inverse."""
        (shift,) = parameters
        return y - shift, torch.zeros_like(y)

    def forward_and_score(
        self, parameters: tuple[Tensor, ...], x: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """See Transformer.forward_and_score."""
        y, log_slope = self.forward(parameters, x)
        return y, log_slope, score, (score,)


class Affine(Transformer):
    """y = x exp(s) + t, as in Dinh, Sohl-Dickstein & Bengio, 2016 (arXiv 1605.08803), eq. 4.

    bound: c, unless None, makes the log scale c tanh(s / c): no network output can then overflow.
    """

    nets = 2

    def __init__(self, bound: float | None):
        self.bound = bound

    def parameters(self, raw: Tensor) -> tuple[Tensor, ...]:
        """See Transformer.parameters: log scale and shift, from a network each."""
        log_scale, shift = raw.unbind(-3)
        if self.bound is not None:
            log_scale = self.bound * torch.tanh(log_scale / self.bound)
        return log_scale, shift

    def forward(self, parameters: tuple[Tensor, ...], x: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.forward."""
        log_scale, shift = parameters
        return x * log_scale.exp() + shift, log_scale

    def inverse(self, parameters: tuple[Tensor, ...], y: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.inverse."""
        log_scale, shift = parameters
        return (y - shift) * (-log_scale).exp(), -log_scale

    def forward_and_score(
        self, parameters: tuple[Tensor, ...], x: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, tuple[Tensor, ...]]:
        """See Transformer.forward_and_score."""
        log_scale, shift = parameters
        scaled = x * log_scale.exp()
        score = (score * (-log_scale).exp()).detach()
        return scaled + shift, log_scale, score, (1 + scaled * score, score)


class Composed(Transformer):
    """One transformer after another, all with numbers from the same network."""

    def __init__(self, *parts: Transformer):
        self.parts = parts
        self.sizes = [part.nets * part.width for part in parts]
        self.width = sum(self.sizes)

    def parameters(self, raw: Tensor) -> tuple[tuple[Tensor, ...], ...]:
        """See Transformer.parameters: a tuple for each part."""
        pieces = raw.squeeze(-3).unflatten(-1, (-1, self.width)).split(self.sizes, dim=-1)
        given = []
        for part, piece in zip(self.parts, pieces, strict=True):
            # [..., S, n, nets * width] -> [..., nets, S, n * width]
            of_nets = piece.unflatten(-1, (part.nets, part.width)).movedim(-2, -4)
            given.append(part.parameters(of_nets.flatten(-2)))
        return tuple(given)

    def forward(self, parameters: tuple, x: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.forward."""
        total = torch.zeros_like(x)
        for part, given in zip(self.parts, parameters, strict=True):
            x, log_slope = part.forward(given, x)
            total = total + log_slope
        return x, total

    def inverse(self, parameters: tuple, y: Tensor) -> tuple[Tensor, Tensor]:
        """See Transformer.inverse."""
        total = torch.zeros_like(y)
        for part, given in reversed(list(zip(self.parts, parameters, strict=True))):
            y, log_slope = part.inverse(given, y)
            total = total + log_slope
        return y, total

    def forward_and_score(
        self, parameters: tuple, x: Tensor, score: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, tuple]:
        """See Transformer.forward_and_score."""
        total, cotangents = torch.zeros_like(x), []
        for part, given in zip(self.parts, parameters, strict=True):
            x, log_slope, score, of_part = part.forward_and_score(given, x, score)
            total = total + log_slope
            cotangents.append(of_part)
        return x, total, score, tuple(cotangents)
