"""How far a flow q is from the posterior p, from draws of both.

With the evidence known, the posterior's density is known, and both Kullback-Leibler divergences
are plain expectations: KL(q|p) = log p(y) - ELBO. In one or two dimensions they are integrals
(`flowcheck.base_quadrature`); here they are Monte Carlo means, whose error a control variate of
known mean removes almost wholly near a perfect fit.
"""

from typing import NamedTuple

import numpy as np

from flowcheck.arviz import statistics
from flowcheck.distances import distinct
from flowcheck.precision import LIMIT

# From this shape on the weights have no variance, and their mean no reliable error (Vehtari,
# Simpson, Gelman, Yao & Gabry, "Pareto Smoothed Importance Sampling", 2015, arXiv 1507.02646,
# section 2), nor then has the control variate. The 0.7 of that paper is for smoothed weights.
PARETO_LIMIT = 0.5
# The mean weight is 1 if the draws saw all of p: luck exceeds this many errors once in 16,000.
WEIGHT_LIMIT = 4.0
# Log weights that differ by less are equal but for rounding.
EQUAL = 1e-12
# In place of a term that is 0, whose logarithm the fit of a tail could not take.
SMALLEST = np.finfo(float).tiny
# Vectorised neighbour queries are one thread, so that a table does not depend on the machine's.
WORKERS = 1


class Estimate(NamedTuple):
    """A Monte Carlo mean and its standard error."""

    value: float
    se: float


def mean_with_error(values: np.ndarray) -> Estimate:
    """Mean and standard error of independent values, shape [n]."""
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))


def pareto_k(log_weights: np.ndarray) -> float:
    """Shape of the generalised Pareto tail of the weights; log_weights [n].

    -inf where all weights are equal: no tail to fit; inf where one is not a number or infinite.
    """
    if np.isnan(log_weights).any() or np.isposinf(log_weights).any():
        return float("inf")
    if np.ptp(log_weights) < EQUAL:
        return float("-inf")
    # ArviZ takes log likelihoods, whose importance weights are their inverses.
    return float(statistics().psislw(-log_weights)[1])


def mean_weight(log_ratio: np.ndarray) -> Estimate:
    """E_a[b/a], which is 1 where a misses nothing of b; log_ratio = log b - log a, [n], of a."""
    with np.errstate(over="ignore", invalid="ignore"):
        return mean_with_error(np.exp(log_ratio))


def misses_mass(weight: Estimate) -> bool:
    """Whether a mean weight differs from 1 by more than 4 of its errors.

    Then draws of a never came to a part of b, or b's normaliser is wrong. No Pareto shape shows
    it: weights that were drawn say nothing of a mode that was not. The evidence's own digits
    (`flowcheck.precision`) are allowed for.
    """
    # Written so that what is no number counts as missed.
    return not abs(weight.value - 1) <= WEIGHT_LIMIT * weight.se + LIMIT


def has_variance(terms: np.ndarray) -> bool:
    """Whether the mean of `terms` [n], none negative, has a reliable error: their Pareto shape."""
    return pareto_k(np.log(np.maximum(terms, SMALLEST))) < PARETO_LIMIT


def kl_divergence(log_ratio: np.ndarray, k: float) -> Estimate:
    """KL(a|b) from log_ratio = log b - log a, both normalised, at independent draws of a; [n].

    The plain estimator is the mean of -log_ratio. E_a[b/a] = 1 makes b/a - 1 a control variate:
    the mean of r - 1 - log r, r = b/a, has the same expectation, no negative term, and a variance
    that vanishes with the square of the misfit. It is used where three things hold: the weights
    have a finite variance, Pareto shape `k` below 0.5; the draws missed nothing of b, so that the
    mean weight is 1 within 4 of its errors; and its own terms have a finite variance. Near a good
    fit those are the weights' squared deviations, with twice their shape: the error of a mean of
    them is too small where they are heavy, however light the weights look.
    """
    if k < PARETO_LIMIT and not misses_mass(mean_weight(log_ratio)):
        terms = np.expm1(log_ratio) - log_ratio
        if has_variance(terms):
            return mean_with_error(terms)
    return mean_with_error(-log_ratio)


def evenly(draws: np.ndarray, n: int) -> np.ndarray:
    """At most n rows of `draws`, evenly spaced, so that every chain has its share."""
    return draws[np.unique(np.linspace(0, len(draws) - 1, n).round().astype(int))]


def knn_divergence(draws: np.ndarray, reference: np.ndarray, k: int) -> float:
    """Nearest-neighbour estimate of KL(q|p); draws [n, dim] of q, reference [m, dim] of p.

    Wang, Kulkarni & Verdu, "Divergence Estimation for Multidimensional Densities Via
    k-Nearest-Neighbor Distances", 2009, eq. 14: dim times the mean log of the distance to the
    k-th neighbour in the reference over that in the other draws, plus log(m / (n - 1)).

    A Markov chain that keeps its rejected states repeats some, and a repeated point is no new
    neighbour: the reference is reduced to its distinct states, m counting those. That ignores how
    the rate of rejection varies in space, an error of half its relative variance: where few moves
    are rejected, far below the estimator's own noise, and the floor against exact draws shows it.

    Raises ValueError where either sample has k or fewer distinct points.
    """
    reference = distinct(reference)
    n, dim = draws.shape
    own_distinct = len(distinct(draws))
    if min(own_distinct - 1, len(reference)) < k:
        raise ValueError(
            f"the k-nearest-neighbour estimate with k = {k} needs more than {k} distinct draws of "
            f"each sample, not {own_distinct} and {len(reference)}"
        )
    # Imported here: a third of a second, and most steps that import this module never come here.
    from scipy.spatial import cKDTree

    own = cKDTree(draws).query(draws, k=[k + 1], workers=WORKERS)[0][:, 0]
    other = cKDTree(reference).query(draws, k=[k], workers=WORKERS)[0][:, 0]
    return float(dim * np.mean(np.log(other / own)) + np.log(len(reference) / (n - 1)))
