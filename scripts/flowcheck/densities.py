"""Log densities that the gallery's posteriors are made of; every constant kept, elementwise."""

import math

import numpy as np
import torch
from torch import Tensor

from flowcheck.gaussian import LOG_2PI


def normal(x: Tensor, loc, scale) -> Tensor:
    """log N(x; loc, scale^2); scale is a standard deviation, a number or a tensor."""
    log_scale = scale.log() if isinstance(scale, Tensor) else math.log(scale)
    return -0.5 * (((x - loc) / scale).square() + LOG_2PI) - log_scale


def normal_vector(x: Tensor, loc, scale) -> Tensor:
    """Sum over the last axis of log N(x; loc, scale^2): x [..., n], one scale [...] -> [...].

    The same as normal(...).sum(-1) where all share a scale, in fewer passes over the n terms.
    """
    squares = (x - loc).square().sum(-1)
    log_scale = scale.log() if isinstance(scale, Tensor) else math.log(scale)
    return -0.5 * squares / scale**2 - x.shape[-1] * (log_scale + 0.5 * LOG_2PI)


class LinearGaussian:
    """log N(y; design b, sigma^2 I) of n data, at the cost of m coefficients and not of n data.

    |y - design b|^2 = r + |R (b - b0)|^2, with b0 a least-squares fit, r what it leaves over and
    design = Q R: no cancellation, since both terms are squares.
    """

    def __init__(self, design: np.ndarray, y: np.ndarray):
        """design: [n, m], of any rank; y: [n]."""
        fit = np.linalg.lstsq(design, y, rcond=None)[0]
        self._n, self._rest = len(y), float(np.sum((y - design @ fit) ** 2))
        self._fit = torch.as_tensor(fit)
        self._factor = torch.as_tensor(np.linalg.qr(design, mode="r").T)

    def log_prob(self, b: Tensor, sigma: Tensor) -> Tensor:
        """b [..., m], sigma [...] -> [...]."""
        squares = ((b - self._fit) @ self._factor).square().sum(-1) + self._rest
        return -0.5 * squares / sigma.square() - self._n * (sigma.log() + 0.5 * LOG_2PI)


def half_normal(x: Tensor, scale: float) -> Tensor:
    """log density at x > 0 of |N(0, scale^2)|."""
    return normal(x, 0.0, scale) + math.log(2)


def half_cauchy(x: Tensor, scale: float) -> Tensor:
    """log density at x > 0 of the half-Cauchy distribution with that scale."""
    return math.log(2 / (math.pi * scale)) - torch.log1p((x / scale).square())
