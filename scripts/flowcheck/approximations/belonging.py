"""Whether draws and the log density given with them belong together, from the two alone.

At independent draws of q, log q must rise where the draws lie dense, and its mean is minus the
entropy, which the draws' nearest neighbours estimate (Kozachenko & Leonenko, "Sample estimate of
the entropy of a random vector", 1987). So three things show: rows in another order, a constant that
is missing, and the Jacobian of another space.

Distances are taken after z = asinh((x - median) / spread) in each coordinate, which tames heavy
tails, and whitening; the maps' Jacobians are known. The estimate's bias, which grows with the
dimension, is taken to be what it is for as many draws of a normal distribution.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import digamma, gammaln
from scipy.stats import spearmanr

# Draws that are looked at, at most; neighbours, whose noise is 1 / sqrt(k) of a log density.
DRAWS, NEIGHBOURS = 2000, 10
# The limits below were set on right files of eight shapes in 1 to 50 dimensions, normal, bent, with
# heavy tails, of several modes; of 324 others, none was blamed. Rank correlations of right files
# were 0.42 or more, those of shuffled rows 0.15 or less.
LEAST_PAIRING = 0.2
# The neighbours put the entropy of most shapes too high, the more so in many dimensions: nats, and
# nats for each dimension above the second, or below zero for each.
LEVEL, LEVEL_ABOVE, LEVEL_BELOW = 0.3, 0.75, 0.15
# Errors of the mean of log_q that are allowed besides.
ERRORS = 4.0
# How near to 1 the multiple of the Jacobian must be, what share it must explain, more in many
# dimensions, and how much it must vary, for log_q to be of another space.
NEAR, EXPLAINED, EXPLAINED_BY_DIM, LEAST_JACOBIAN = 0.3, 0.35, 0.01, 0.2
# Fewer draws show nothing.
FEWEST = 100


class Relation(NamedTuple):
    """What the draws say about log_q.

    pairing: the rank correlation of log_q with the density that the neighbours show; level: the
    mean of log_q and the entropy, 0 but for the estimate's error, in nats; jacobian: the multiple
    of the log-Jacobian by which log_q differs from that density, 0 where it has the draws' space;
    explained: what share of that difference it explains.
    """

    pairing: float
    level: float
    jacobian: float
    explained: float


class Fault(NamedTuple):
    """What is wrong: kind is "rows", "jacobian" or "constant"; size: of the last two, in nats or as
    the multiple of the log-Jacobian that log_q has too much.
    """

    kind: str
    size: float


def fault(draws: np.ndarray, log_q: np.ndarray, log_jacobian: np.ndarray) -> Fault | None:
    """What is wrong with log_q [n] as the log density of independent draws [n, dim], if anything.

    log_jacobian [n]: log |d value / d u| there. At most one right file in a hundred is blamed, by
    measurement; a small constant, or one in many dimensions, passes unseen.
    """
    n, dim = draws.shape
    if n < FEWEST:
        return None
    found = relation(draws, log_q, log_jacobian)
    multiple = round(found.jacobian)
    near = abs(multiple) == 1 and abs(found.jacobian - multiple) < NEAR
    if near and found.explained > EXPLAINED + EXPLAINED_BY_DIM * dim:
        return Fault("jacobian", float(multiple))
    # A log_q that hardly varies says nothing of the order of its rows.
    if np.std(log_q) > 0.05 and not found.pairing > LEAST_PAIRING:
        return Fault("rows", found.pairing)
    error = ERRORS * np.std(log_q) / math.sqrt(min(n, DRAWS))
    above = LEVEL + LEVEL_ABOVE * max(dim - 2, 0) + error
    below = LEVEL + LEVEL_BELOW * dim + error
    if not -below < found.level < above:
        return Fault("constant", found.level)
    return None


def relation(draws: np.ndarray, log_q: np.ndarray, log_jacobian: np.ndarray) -> Relation:
    """draws [n, dim], log_q [n], and log |d value / d u| there [n], 0 where the spaces are one."""
    some = np.unique(np.linspace(0, len(draws) - 1, DRAWS).round().astype(int))
    draws, log_q, log_jacobian = draws[some], log_q[some], log_jacobian[some]
    density = _log_density(draws) + _bias(*draws.shape)
    pairing = float(spearmanr(log_q, density).statistic) if np.ptp(log_q) > 0 else math.nan
    return Relation(
        pairing,
        float(log_q.mean() - density.mean()),
        *_multiple(log_q, density, log_jacobian),
    )


def _log_density(draws: np.ndarray) -> np.ndarray:
    """The log density [n] that the neighbours show, up to the estimate's bias."""
    z, log_det = _standardised(draws)
    n, dim = z.shape
    squares = cdist(z, z)
    distance = np.partition(squares, NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    log_ball = 0.5 * dim * math.log(math.pi) - gammaln(0.5 * dim + 1)
    log_r = np.log(np.maximum(distance, 1e-300))
    return digamma(NEIGHBOURS) - digamma(n) - log_ball - dim * log_r + log_det


def _standardised(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whitened z [n, dim] and log |dz / dx| [n]."""
    middle = np.median(draws, axis=0)
    spread = np.median(np.abs(draws - middle), axis=0)
    spread = 3.0 * np.where(spread > 0, spread, np.maximum(draws.std(0), 1e-300))
    y = (draws - middle) / spread
    z = np.arcsinh(y)
    log_det = -(np.log(spread) + 0.5 * np.log1p(y**2)).sum(1)
    covariance = np.atleast_2d(np.cov(z.T)) + 1e-12 * np.eye(z.shape[1])
    factor = np.linalg.cholesky(covariance)
    return np.linalg.solve(factor, (z - z.mean(0)).T).T, log_det - np.log(np.diag(factor)).sum()


def _bias(n: int, dim: int) -> float:
    """What is to be added to the mean log density of n normal draws to make it the right one."""
    normal = np.random.default_rng(dim).standard_normal((n, dim))
    entropy = 0.5 * dim * (1 + math.log(2 * math.pi))
    return float(-entropy - _log_density(normal).mean())


def _multiple(
    log_q: np.ndarray, density: np.ndarray, log_jacobian: np.ndarray
) -> tuple[float, float]:
    """The coefficient of the log-Jacobian in a regression of log_q on it and on the density, and
    the share that it explains of what the density leaves.
    """
    if np.std(log_jacobian) < LEAST_JACOBIAN:
        return 0.0, 0.0
    columns = np.stack([np.ones_like(density), density, log_jacobian], axis=1)
    found = np.linalg.lstsq(columns, log_q, rcond=None)[0]
    left = np.var(log_q - columns @ found)
    without = np.linalg.lstsq(columns[:, :2], log_q, rcond=None)[0]
    before = np.var(log_q - columns[:, :2] @ without)
    return float(found[2]), float(1 - left / before) if before > 0 else 0.0
