"""Divergences from log weights where no exact evidence is known, each with its error.

With w = p(x, y) / q(x) at draws x of an approximation q,

    KL(q|p) = log p(y) - E_q log w = shape + unseen,
    shape   = log E_n w - E_n log w    q against the posterior as its own draws show it,
    unseen  = log p(y) - log E_n w     what they do not show,

E_n the mean over n draws. The first says how uneven the weights are, and no draw of q can show
the second: where q leaves out a mode, its weights are perfectly even over the rest. log p(y) is the
truth's, or that of a bridge between the truth's chain and q, whichever leaves the smaller error:
the bridge shares its draws of q with all else here, and near a perfect fit the errors cancel.

Every error is that of summed influences (flowcheck.bridge), so such cancellation is counted.
"""

import math
from typing import NamedTuple

import numpy as np

from flowcheck.bridge import Normaliser, bridge, chain_error, importance, standard_error

# Pareto shapes and what they are worth (Vehtari, Simpson, Gelman, Yao & Gabry, "Pareto Smoothed
# Importance Sampling", 2024, section 3.2): below the first the weights have a variance.
BANDS = ((0.5, "good"), (0.7, "ok"), (math.inf, "no reliable error"))
# Unseen mass is told of when it exceeds so many of its errors: luck does so once in 30,000.
UNSEEN_ERRORS = 4.0
NAN = float("nan")


class Row(NamedTuple):
    """What log weights say of one approximation; NaN where it cannot be known.

    grade is that of the truth; missed: the share of the posterior's mass that the approximation
    misses, NaN where none is seen to be; band: what pareto_k is worth.
    """

    elbo: float
    elbo_se: float
    pareto_k: float
    band: str
    grade: str
    kl: float = NAN
    kl_se: float = NAN
    kl_forward: float = NAN
    kl_forward_se: float = NAN
    kl_shape: float = NAN
    kl_shape_se: float = NAN
    kl_unseen: float = NAN
    kl_unseen_se: float = NAN
    missed: float = NAN
    eubo: float = NAN
    eubo_se: float = NAN
    tv: float = NAN
    tv_se: float = NAN
    c2st_best: float = NAN


def band(k: float) -> str:
    """What a Pareto shape says of its weights: good, ok, or that no error is reliable."""
    return next((words for limit, words in BANDS if k < limit), BANDS[-1][1])


def divergences(log_w: np.ndarray, truth: dict, log_w_chain: np.ndarray | None = None) -> Row:
    """Everything that log weights tell.

    log_w [n]: log p(x, y) - log q(x) at independent draws of q; truth: flowcheck.truth's record;
    log_w_chain [C, N]: the same at draws of a chain that passed its verdict, or [1, N] at exact
    draws; None where there are neither.

    Unverified truth leaves the ELBO and Pareto k alone, as does a q of which some draws lie where
    the density vanishes or is not a number: its divergence is infinite or unknown.
    """
    sampled = importance(log_w)
    finite = np.isfinite(log_w).all()
    elbo = float(log_w.mean()) if finite else NAN
    row = Row(
        elbo=elbo,
        elbo_se=standard_error(None, log_w - elbo) if finite else NAN,
        pareto_k=sampled.k,
        band=band(sampled.k),
        grade=truth["grade"],
    )
    if truth["grade"] == "unverified" or not finite:
        return row
    usable = log_w_chain is not None and np.isfinite(log_w_chain).all()
    log_z = _sharper(log_w, truth, log_w_chain if usable else None)
    row = row._replace(**_backward(log_w, sampled, log_z), **_total_variation(log_w, log_z))
    return row._replace(**_forward(log_w_chain, log_z)) if usable else row


def missed_mass(unseen: float, se: float) -> float:
    """1 - exp(-unseen), where unseen exceeds four of its errors; else NaN."""
    return -math.expm1(-unseen) if unseen > UNSEEN_ERRORS * se else NAN


def _sharper(log_w: np.ndarray, truth: dict, log_w_chain: np.ndarray | None) -> Normaliser:
    """The log evidence that leaves the smaller error in the KL: the truth's or a bridge's."""
    own = Normaliser(truth["log_evidence"], truth["log_evidence_se"], None, None)
    if log_w_chain is None or truth["grade"] == "exact":
        return own
    bridged = bridge(log_w_chain, log_w)
    centred = log_w.mean() - log_w
    if _error(bridged, 1, centred) <= _error(own, 1, centred):
        return bridged
    return own


def _error(log_z: Normaliser, times: float, on_draws=None, on_chain=None) -> float:
    """The error of `times` log Z plus something with the given influences (None: no such part).

    A log Z without influences of its own, the truth's, is independent of these draws.
    """
    if log_z.on_draws is None:
        return math.hypot(times * log_z.se, standard_error(on_chain, on_draws))
    return standard_error(
        times * log_z.on_chain + (0.0 if on_chain is None else on_chain),
        times * log_z.on_draws + (0.0 if on_draws is None else on_draws),
    )


def _backward(log_w: np.ndarray, sampled: Normaliser, log_z: Normaliser) -> dict:
    """KL(q|p) and its two parts. Only the parts depend on the weights' tail, and say so."""
    plain = log_w - log_w.mean()
    unseen = log_z.value - sampled.value
    unseen_se = math.hypot(_error(log_z, 1, -sampled.on_draws), sampled.tail)
    return {
        "kl": log_z.value - float(log_w.mean()),
        "kl_se": _error(log_z, 1, -plain),
        "kl_shape": sampled.value - float(log_w.mean()),
        "kl_shape_se": math.hypot(standard_error(None, sampled.on_draws - plain), sampled.tail),
        "kl_unseen": unseen,
        "kl_unseen_se": unseen_se,
        "missed": missed_mass(unseen, unseen_se),
    }


def _total_variation(log_w: np.ndarray, log_z: Normaliser) -> dict:
    """TV = E_q (1 - r)+, r = w / Z, and the accuracy of the best classifier of p against q.

    That is 1/2 + TV/2 (the Bayes classifier). dTV / d log Z = E_q r 1[r < 1].
    """
    ratio = np.exp(np.minimum(log_w - log_z.value, 0.0))
    short = 1 - ratio
    tv, slope = float(short.mean()), float(np.where(ratio < 1, ratio, 0.0).mean())
    return {"tv": tv, "tv_se": _error(log_z, slope, short - tv), "c2st_best": 0.5 + tv / 2}


def _forward(log_w_chain: np.ndarray, log_z: Normaliser) -> dict:
    """EUBO = E_p log w >= log Z, and KL(p|q) = EUBO - log Z."""
    eubo = float(log_w_chain.mean())
    return {
        "eubo": eubo,
        "eubo_se": chain_error(log_w_chain),
        "kl_forward": eubo - log_z.value,
        "kl_forward_se": _error(log_z, -1, on_chain=log_w_chain - eubo),
    }
