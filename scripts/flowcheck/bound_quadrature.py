"""The gap of the multi-sample bound, exactly, wherever the base variable can be integrated over.

For a positive number m, log m is the integral over t > 0 of (exp(-t) - exp(-t m)) / t (Frullani's
integral). With m the mean of K independent ratios r = w / p(y), of Laplace transform
phi(s) = E_q exp(-s r), and s = t / K,

    log p(y) - L_K = -E log m = integral over s > 0 of (phi(s)^K - exp(-K s)) / s ds,

which needs no moment of r beyond its mean: it holds where r has no variance, too.
"""

import math

import numpy as np

from flowcheck.base_quadrature import Nodes, divergences
from flowcheck.divergence import Estimate

# Spacing in log s: the trapezoidal rule errs by about exp(-pi^2 / spacing), and twice that spacing,
# which checks it, by 3e-9 of the integrand.
SPACING = 0.25
# The integrand is at most t near t = 0, where the integral begins.
FIRST_T = 1e-14
# exp(-exp(4)) and exp(-38) are nothing beside 1 in double precision.
GONE, UNTOUCHED = 4.0, -38.0
# Points that hold less of q than this are left out: the chance that one of K draws comes there is
# at most K times their mass.
LIGHTEST = 1e-17
# The integral ends where phi is this small, of which K = 2 sees the square.
LAST_PHI = 1e-9


def exact_gaps(nodes: Nodes, samples: list[int]) -> list[Estimate]:
    """log p(y) - L_K for each K in `samples`, from `nodes` of p/q, and its tolerance.

    The nodes should resolve both divergences: for K > 1 it matters how p lies, too.

    The tolerance is how far it moves by the coarser rule over z, and by twice the spacing in s.
    K = 1 is KL(q|p) itself; where that is infinite or was not resolved, so are the others.
    """
    kl = divergences(nodes).kl
    if not math.isfinite(kl.value):
        return [kl] * len(samples)
    fine, coarse = (_transform(nodes, rule, max(samples)) for rule in (nodes.fine, nodes.coarse))
    return [kl if k == 1 else _gap(fine, coarse, k) for k in samples]


def _gap(fine: tuple, coarse: tuple, k: int) -> Estimate:
    log_s, less_one = fine
    value = SPACING * _integrand(log_s, less_one, k)
    by_coarse = SPACING * _integrand(*coarse, k).sum()
    every_other = 2 * value[::2].sum()
    total = value.sum()
    return Estimate(float(total), float(abs(total - by_coarse) + abs(total - every_other)))


def _integrand(log_s: np.ndarray, less_one: np.ndarray, k: int) -> np.ndarray:
    """phi(s)^k - exp(-k s) from phi(s) - 1, as a difference of two numbers that vanish at s = 0."""
    with np.errstate(divide="ignore"):  # log 0 where phi is 0
        return np.expm1(k * np.log1p(less_one)) - np.expm1(-k * np.exp(np.minimum(log_s, GONE)))


def _transform(nodes: Nodes, rule: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """log s, evenly spaced, and phi(s) - 1 there."""
    mass, log_r = (rule * np.exp(nodes.log_base)).ravel(), nodes.log_ratio.ravel()
    kept = np.isfinite(log_r) & (mass > LIGHTEST)
    order = np.argsort(log_r[kept], kind="stable")
    mass, log_r = mass[kept][order], log_r[kept][order]
    lowest = log_r[np.searchsorted(np.cumsum(mass), LAST_PHI)]
    log_s = np.arange(math.log(FIRST_T / most), max(GONE - lowest, GONE), SPACING)
    after = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    # Points with s r far above 1 count whole, those far below not at all.
    begin = np.searchsorted(log_r, UNTOUCHED - log_s)
    end = np.searchsorted(log_r, GONE - log_s)
    less_one = -after[end]
    for i, (a, b) in enumerate(zip(begin, end, strict=True)):
        less_one[i] += mass[a:b] @ np.expm1(-np.exp(log_s[i] + log_r[a:b]))
    # The weights add up to 1 only to the rule's tolerance: phi might be slightly negative.
    return log_s, np.maximum(less_one, -1.0)
