"""Divergences between an approximation q and a posterior p from their densities' ratio.

With w = p(x, y) / q(x) known at draws of q and at draws of p, and the evidence known or estimated:

    KL(q|p) = shape + unseen:   shape  = log Z_q - ELBO,   log Z_q = log E_q w from q,
                                unseen = log Z - log Z_q,

so that shape is what q's own draws show, and unseen the mass of p where q never draws. The evidence
lies between the ELBO, E_q log w, and the EUBO, E_p log w, whose gap is the symmetric divergence.
The total variation E_q (1 - w/Z)+ bounds what any classifier can tell: 1/2 + TV/2 of the draws.
"""

import math
from typing import NamedTuple

import numpy as np

from flowcheck.bridge import Normaliser, bridge, chain_error, importance, standard_error
from flowcheck.divergence import Estimate, has_variance, mean_with_error, pareto_k

# The weights' mean has a reliable error below this Pareto shape: see flowcheck.bridge.
VARIANCE_LIMIT = 0.5
# So many errors from 1 the mean weight, or from 0 the unseen part, is no accident.
ERRORS = 4.0
# What rounding may move a mean ratio by.
ROUNDING = 1e-9
UNKNOWN = Estimate(math.nan, math.nan)


class Measured(NamedTuple):
    """What is known of one approximation, each with its standard error; NaN where unknown.

    missing_mass: the share of p that q never visits, 0 where none was found.
    """

    elbo: Estimate
    kl: Estimate
    kl_forward: Estimate
    pareto_k: float
    shape: Estimate
    unseen: Estimate
    eubo: Estimate
    tv: Estimate
    missing_mass: float


def measure(
    log_w: np.ndarray, evidence: Estimate | None, chain_log_w: np.ndarray | None
) -> Measured:
    """All of it for one approximation.

    log_w [n]: log p(x, y) - log q(x) at independent draws of q; chain_log_w [C, N]: the same at
    the truth's draws, None where there are none or q cannot be evaluated there; evidence: the
    truth's log evidence and its error, None where it is unknown.
    """
    seen = importance(log_w)
    elbo = mean_with_error(log_w)
    eubo = UNKNOWN
    if chain_log_w is not None:
        eubo = Estimate(float(chain_log_w.mean()), chain_error(chain_log_w))
    shape = Estimate(
        seen.value - elbo.value,
        math.hypot(standard_error(None, seen.on_draws - (log_w - elbo.value)), seen.tail),
    )
    if evidence is None:
        nothing = (UNKNOWN, UNKNOWN, seen.k, shape, UNKNOWN, eubo, UNKNOWN, math.nan)
        return Measured(elbo, *nothing)
    whole = _sharper(log_w, evidence, chain_log_w)
    unseen = Estimate(
        whole.value - seen.value,
        math.hypot(_difference_error(whole, seen), whole.tail, seen.tail),
    )
    misses = unseen.value > ERRORS * unseen.se
    return Measured(
        elbo,
        _reverse(log_w, whole, elbo, seen.k, misses),
        _forward(chain_log_w, whole, eubo),
        seen.k,
        shape,
        unseen,
        eubo,
        _total_variation(log_w, whole),
        -math.expm1(-unseen.value) if misses else 0.0,
    )


def _sharper(log_w: np.ndarray, evidence: Estimate, chain_log_w: np.ndarray | None) -> Normaliser:
    """The truth's evidence, or that by a bridge between its draws and q, whose error is smaller."""
    given = Normaliser(evidence.value, evidence.se, None, None, tail=evidence.se)
    if evidence.se == 0 or chain_log_w is None:
        return given
    try:
        own = bridge(chain_log_w, log_w)
    except ValueError:  # no overlap
        return given
    return own if own.se < evidence.se else given


def _difference_error(whole: Normaliser, seen: Normaliser) -> float:
    on_draws = -seen.on_draws if whole.on_draws is None else whole.on_draws - seen.on_draws
    return standard_error(whole.on_chain, on_draws)


def _reverse(
    log_w: np.ndarray, whole: Normaliser, elbo: Estimate, k: float, misses: bool
) -> Estimate:
    """KL(q|p): by the mean of r - 1 - log r, r = w / Z, where r has a variance and misses nothing.

    That mean does not move with Z to first order, and vanishes with the misfit draw by draw.
    """
    log_r = log_w - whole.value
    if k < VARIANCE_LIMIT and not misses:
        terms = np.expm1(log_r) - log_r
        if has_variance(terms):
            found = mean_with_error(terms)
            return Estimate(found.value, math.hypot(found.se, 0.5 * whole.se**2))
    centred = -(log_w - elbo.value)
    on_draws = centred if whole.on_draws is None else whole.on_draws + centred
    error = math.hypot(standard_error(whole.on_chain, on_draws), whole.tail)
    return Estimate(whole.value - elbo.value, error)


def _forward(chain_log_w: np.ndarray | None, whole: Normaliser, eubo: Estimate) -> Estimate:
    """KL(p|q), likewise from the truth's draws, where q/p has a variance and its mean is 1."""
    if chain_log_w is None:
        return UNKNOWN
    log_r = whole.value - chain_log_w
    with np.errstate(over="ignore"):
        ratio = np.exp(log_r)
    if pareto_k(log_r.ravel()) < VARIANCE_LIMIT:
        allowed = ERRORS * math.hypot(chain_error(ratio), whole.se)
        if abs(ratio.mean() - 1) <= allowed + ROUNDING:
            terms = np.expm1(log_r) - log_r
            if has_variance(terms.ravel()):
                error = math.hypot(chain_error(terms), 0.5 * whole.se**2)
                return Estimate(float(terms.mean()), error)
    centred = chain_log_w - eubo.value
    on_chain = centred if whole.on_chain is None else centred - whole.on_chain
    on_draws = None if whole.on_draws is None else -whole.on_draws
    error = math.hypot(standard_error(on_chain, on_draws), whole.tail)
    return Estimate(eubo.value - whole.value, error)


def _total_variation(log_w: np.ndarray, whole: Normaliser) -> Estimate:
    """E_q (1 - w/Z)+, with the error that Z's own brings."""
    with np.errstate(over="ignore"):
        ratio = np.exp(log_w - whole.value)
    found = mean_with_error(np.clip(1 - ratio, 0, None))
    slope = float(np.where(ratio < 1, ratio, 0).mean())
    return Estimate(found.value, math.hypot(found.se, slope * whole.se))
