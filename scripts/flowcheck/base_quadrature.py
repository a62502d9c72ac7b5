"""Divergences of a flow in one or two dimensions, by adaptive quadrature over its base variable z.

A flow x = f(z) takes the base density N(z) to q, so with r(z) = p(f(z)) / q(f(z)), p normalised,

    KL(q|p) = integral of N (r - 1 - log r),   KL(p|q) = integral of N (r log r - r + 1),

in which no term is negative and, near a perfect fit, nothing cancels. They equal the plain
expectations because the integral of N r is that of p: 1. That one is computed beside them, so that
a region of p that the quadrature did not find shows as missing mass, and is never passed over.

The plane is cut into square cells, each with the product of two 15-point Kronrod rules; the 7-point
Gauss rule on the same points tells how far each cell is resolved, and unresolved cells are split
into four (Gauss-Kronrod pair: Piessens, de Doncker-Kapenga, Uberhuber & Kahaner, "QUADPACK", 1983,
table 2.1).
"""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from flowcheck.divergence import Estimate
from flowcheck.flows.base import Flow, Params
from flowcheck.gaussian import LOG_2PI

# The positive nodes of the Kronrod rule, its weights, and those of the Gauss rule (0: not of it).
_POSITIVE = np.array([
    [0.99145537112081264, 0.02293532201052922, 0.0],
    [0.94910791234275852, 0.06309209262997855, 0.12948496616886969],
    [0.86486442335976907, 0.10479001032225018, 0.0],
    [0.74153118559939444, 0.14065325971552592, 0.27970539148927667],
    [0.58608723546769113, 0.16900472663926790, 0.0],
    [0.40584515137739717, 0.19035057806478541, 0.38183005050511894],
    [0.20778495500789847, 0.20443294007529889, 0.0],
])  # fmt: skip
_MIDDLE = np.array([[0.0, 0.20948214108472783, 0.41795918367346939]])
NODES, KRONROD, GAUSS = np.concatenate([_POSITIVE * [-1, 1, 1], _MIDDLE, _POSITIVE[::-1]]).T

# Cells of half width 2 cover |z| <= 8, where N falls to 1e-14 of its peak; around them lie rings of
# twice the width each, for a p whose mass q has far out in its tails.
INNER_CELLS, INNER_HALF_WIDTH, RINGS = 4, 2.0, 6
# The log density of N on the inner edge of the outermost ring, but for its constant.
RIM = -0.5 * (INNER_CELLS * INNER_HALF_WIDTH * 2 ** (RINGS - 1)) ** 2
# Points evaluated at once: small enough for the processor's cache.
CHUNK = 5000
MOST_POINTS = 400_000
# Below this an absolute error is rounding: that of log r itself is near 1e-14.
ROUNDING = 1e-13
# A result whose tolerance exceeds this share of it, and this much, was not resolved.
RESOLVED, NEGLIGIBLE = 0.02, 1e-8
# Points of less mass than this may be where a flow overflows.
NO_MASS = 1e-12
# A point that represents this much of p is where p was found; what is missing of p lies at least so
# many nats of log p/q out.
SEEN, LEAST_FURTHEST = 1e-9, 1.0
# Near draws of p, half a cell's width is at most this many of their standard deviations.
SPREADS = 4
# No cell is made narrower than this for the sake of draws that coincide.
SMALLEST = 1e-3


class Nodes(NamedTuple):
    """Points of the quadrature, in cells: every axis [C, n], C cells of n points.

    log_base: log N(z); log_ratio: log p/q at f(z); fine, coarse: weights of the Kronrod and of the
    Gauss rule, whose difference checks the former.
    """

    log_base: np.ndarray
    log_ratio: np.ndarray
    fine: np.ndarray
    coarse: np.ndarray


class Divergences(NamedTuple):
    """Each with its tolerance, the sum over cells of how far the two rules lie apart.

    mass: the integral of p over what was found, 1 if nothing of p was missed. What could not be
    resolved is NaN.
    """

    kl: Estimate
    kl_forward: Estimate
    mass: Estimate


def log_ratio_of(
    flow: Flow, params: Params, log_p: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """z [n, dim] -> log p/q at f(z), [n]; params: of one replicate; log_p: normalised."""

    def log_ratio(z: Tensor) -> Tensor:
        x, log_det = flow.forward(params, z)
        return log_p(x) + log_det - log_base(z)

    return log_ratio


def log_base(z: Tensor) -> Tensor:
    """log N(z; 0, I); z [n, dim] -> [n]."""
    return -0.5 * (z.square().sum(-1) + z.shape[-1] * LOG_2PI)


def tabulate(
    log_ratio: Callable[[Tensor], Tensor],
    dim: int,
    places: Tensor | None = None,
    relative: float = 1e-4,
    both: bool = True,
) -> Nodes:
    """Cells over R^dim, split until the divergences are known to `relative`, or points run out.

    log_ratio: z [n, dim] -> log p/q [n] float64; places [m, dim]: points z where p has mass, such
    as the inverse images of draws of p, near which cells are small from the start: without them a
    part of p that lies far out and is narrow there may fall between the points. both: whether
    KL(p|q) is wanted as well as KL(q|p), which is cheaper alone.

    Raises ValueError above two dimensions.
    """
    if dim not in (1, 2):
        raise ValueError(f"quadrature over the base variable is for 1 or 2 dimensions, not {dim}")
    cells = _first_cells(dim)
    if places is not None:
        cells = _split_near(cells, places[torch.isfinite(places).all(-1)].numpy())
    nodes = _evaluate(log_ratio, cells)
    terms = _terms(nodes)
    while True:
        split = _unresolved(terms, relative, both)
        room = (MOST_POINTS - nodes.fine.size) // (2**dim * nodes.fine.shape[1])
        split = split[: max(room, 0)]
        if split.size == 0:
            return nodes
        cells = np.concatenate([np.delete(cells, split, axis=0), fresh := _quarters(cells[split])])
        found = _evaluate(log_ratio, fresh)
        pairs = zip(nodes, found, strict=True)
        nodes = Nodes(*(np.concatenate([np.delete(old, split, 0), new]) for old, new in pairs))
        terms = np.concatenate([np.delete(terms, split, axis=0), _terms(found)])


def divergences(nodes: Nodes) -> Divergences:
    """Both divergences and the mass of p that was found, with their tolerances.

    KL(q|p) needs no more than the points where q lies: it is right even where part of p was missed,
    and infinite where p is 0 on some of them. KL(p|q) is then NaN.
    """
    terms = _terms(nodes)
    value = terms[:, 0].sum(0)
    tolerance = abs(terms[:, 0] - terms[:, 1]).sum(0) + ROUNDING
    plain, kl, forward, mass = map(Estimate, map(float, value), map(float, tolerance))
    missed = 1 - mass.value
    if abs(missed) > mass.se or plain.se < kl.se:
        kl = plain
    if _base_mass(nodes, np.isneginf(nodes.log_ratio)) > NO_MASS:
        kl = Estimate(math.inf, 0.0)
    if _base_mass(nodes, np.isnan(nodes.log_ratio)) > NO_MASS:
        kl = Estimate(math.nan, math.nan)
    # What is missing of p is taken to lie where q is as small as anywhere that p was found.
    seen = nodes.fine * np.exp(nodes.log_base + _split_ratio(nodes)[1]) > SEEN
    furthest = float(nodes.log_ratio[seen].max(initial=LEAST_FURTHEST))
    forward = Estimate(forward.value, forward.se + furthest * abs(missed))
    return Divergences(_resolved(kl), _resolved(forward), mass)


def variance(nodes: Nodes) -> Estimate:
    """Var_q(p/q), the integral of N (r - 1)^2, and its tolerance: NaN unless it was resolved.

    It often is not: far out in the tails of q, where no draw will ever come, p^2 / q may grow
    without limit, and the variance with it.
    """
    finite, ratio, near, small = _split_ratio(nodes)
    base = np.exp(nodes.log_base)
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.exp(nodes.log_base + 2 * ratio) - 2 * np.exp(nodes.log_base + ratio) + base
        values = np.where(near, base * np.expm1(small) ** 2, far)
        values = np.where(finite, values, base)
        fine, coarse = (values * nodes.fine).sum(1), (values * nodes.coarse).sum(1)
        # What the outermost ring adds is what might be missing beyond it.
        rim = (nodes.log_base.max(1) < RIM) & (fine > 0)
        tolerance = abs(fine - coarse).sum() + fine[rim].sum()
        return _resolved(Estimate(float(fine.sum()), float(tolerance)))


def _resolved(estimate: Estimate) -> Estimate:
    """The estimate, or NaN where its tolerance is not small beside it."""
    if estimate.se <= max(RESOLVED * abs(estimate.value), NEGLIGIBLE):
        return estimate
    return Estimate(math.nan, math.nan)


def _base_mass(nodes: Nodes, where: np.ndarray) -> float:
    return float(nodes.fine[where] @ np.exp(nodes.log_base[where]))


def _split_ratio(nodes: Nodes) -> tuple[np.ndarray, ...]:
    """Whether log r is finite; log r, 0 where not; whether it is small; and itself where it is."""
    finite = np.isfinite(nodes.log_ratio)
    ratio = np.where(finite, nodes.log_ratio, 0.0)
    near = abs(ratio) < 1
    return finite, ratio, near, np.where(near, ratio, 0.0)


def _terms(nodes: Nodes) -> np.ndarray:
    """KL(q|p) plainly and as above, KL(p|q), and the mass of p, by cell and rule: [C, 2, 4].

    Points where log r is not finite hold no mass of p, and are left out of KL(q|p).
    """
    finite, ratio, near, small = _split_ratio(nodes)
    base, p = np.exp(nodes.log_base), np.exp(nodes.log_base + ratio)
    expm1 = np.expm1(small)
    kl = np.where(near, base * (expm1 - small), p - base - base * ratio)
    forward = np.where(near, base * (small * (1 + expm1) - expm1), p * ratio - p + base)
    forward = np.where(finite, forward, base)
    held = [np.where(finite, values, 0.0) for values in (-base * ratio, kl, p)]
    values = np.stack([*held[:2], forward, held[2]], -1)
    return np.stack([nodes.fine, nodes.coarse], 1) @ values


def _unresolved(terms: np.ndarray, relative: float, both: bool) -> np.ndarray:
    """Indices of the cells to split, the worst first: those with more than their share of error."""
    error = abs(terms[:, 0] - terms[:, 1])
    # Of the two forms of KL(q|p), the one that is better known: near a perfect fit, the second.
    form = int(error[:, 1].sum() < error[:, 0].sum())
    wanted = [form, 2, 3] if both else [form]
    allowed = np.maximum(relative * abs(terms[:, 0].sum(0)), ROUNDING) / len(terms)
    excess = (error / allowed)[:, wanted].max(-1)
    worst = np.argsort(-excess, kind="stable")
    return worst[excess[worst] > 1]


def _evaluate(log_ratio: Callable, cells: np.ndarray) -> Nodes:
    """Points and weights of `cells` [C, dim + 1], and log p/q there."""
    dim = cells.shape[1] - 1
    offsets = np.array(list(itertools.product(NODES, repeat=dim)))
    fine, coarse = (
        np.prod(list(itertools.product(rule, repeat=dim)), axis=1) for rule in (KRONROD, GAUSS)
    )
    half = cells[:, dim:, None]
    z = torch.from_numpy(cells[:, None, :dim] + half * offsets).reshape(-1, dim)
    with torch.no_grad():
        ratio = torch.cat([log_ratio(part) for part in z.split(CHUNK)]).numpy()
        base = log_base(z).numpy()
    shape, volume = (len(cells), -1), half[:, :, 0] ** dim
    return Nodes(base.reshape(shape), ratio.reshape(shape), volume * fine, volume * coarse)


def _first_cells(dim: int) -> np.ndarray:
    """Centres and half width of the cells to begin with: [C, dim + 1]."""
    places = np.arange(INNER_CELLS) - (INNER_CELLS - 1) / 2
    inner = np.array(list(itertools.product(2 * INNER_HALF_WIDTH * places, repeat=dim)))
    cells = [np.column_stack([inner, np.full(len(inner), INNER_HALF_WIDTH)])]
    around = inner[abs(inner).max(1) > INNER_CELLS / 2 * INNER_HALF_WIDTH]
    for ring in range(1, RINGS + 1):
        cells.append(2.0**ring * np.column_stack([around, np.full(len(around), INNER_HALF_WIDTH)]))
    return np.concatenate(cells)


def _quarters(cells: np.ndarray) -> np.ndarray:
    """Each cell cut in half along every axis: [C, dim + 1] -> [C 2^dim, dim + 1]."""
    dim = cells.shape[1] - 1
    corners = np.array(list(itertools.product([-0.5, 0.5], repeat=dim)))
    half = cells[:, None, dim:]
    centres = cells[:, None, :dim] + half * corners
    halves = np.broadcast_to(half / 2, (len(cells), 2**dim, 1))
    return np.concatenate([centres, halves], -1).reshape(-1, dim + 1)


def _split_near(cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Cells split until none is wider than 8 standard deviations of the `places` in it."""
    dim, done = cells.shape[1] - 1, []
    waiting = [(cell, places) for cell in cells]
    while waiting:
        cell, near = waiting.pop()
        near = near[(abs(near - cell[:dim]) <= cell[dim]).all(1)]
        spread = near.std(0).max() if len(near) > 1 else np.inf
        if cell[dim] > max(SPREADS * spread, SMALLEST):
            waiting += [(part, near) for part in _quarters(cell[None])]
        else:
            done.append(cell)
    return np.array(done)
