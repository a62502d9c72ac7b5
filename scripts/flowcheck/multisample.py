"""The multi-sample bound of a known evidence, from importance weights alone.

With w_i = p(y, theta_i) / q(theta_i) for independent draws of q,

    L_K = E log (1/K) sum_{i <= K} w_i,   L_1 = ELBO,   L_K <= L_{K+1} <= log p(y):

Burda, Grosse & Salakhutdinov, "Importance Weighted Autoencoders", 2016 (arXiv 1509.00519), theorem
1. With r = w / p(y), K (log p(y) - L_K) tends to Var(r) / 2 where that is finite: Domke & Sheldon,
"Importance Weighting and Variational Inference", 2018 (arXiv 1808.09034), theorem 3. A
sample's variance says nothing of a tail that was never drawn, so none is estimated here.
"""

from itertools import pairwise

import numpy as np
from scipy.special import logsumexp

from flowcheck.divergence import Estimate, kl_divergence, mean_with_error


def check_sizes(samples: list[int], draws: int) -> None:
    """Raise ValueError unless each number of samples divides the next, and the last the draws.

    Then the blocks of a larger K are unions of those of a smaller, and by Jensen's inequality the
    estimates from common draws rise in K as the bounds do, without a single exception.
    """
    for smaller, larger in pairwise([*samples, draws]):
        if larger % smaller or larger == smaller:
            raise ValueError(
                f"{smaller} samples do not divide {larger}: common draws need whole blocks, and an "
                "error needs two of them"
            )


def block_log_means(log_w: np.ndarray, k: int) -> np.ndarray:
    """log of the mean weight of each block of k successive draws; log_w [n] -> [n // k]."""
    blocks = log_w[: len(log_w) // k * k].reshape(-1, k)
    return logsumexp(blocks, axis=1) - np.log(k)


def bound(log_w: np.ndarray, k: int) -> Estimate:
    """L_k and its standard error, from log weights [n]; it knows nothing of the evidence."""
    return mean_with_error(block_log_means(log_w, k))


def gap(log_r: np.ndarray, k: int, tail: float) -> Estimate:
    """log p(y) - L_k and its error, from log r = log w - log p(y) [n] and r's Pareto shape `tail`.

    The mean of r over a block is a density ratio itself, of mean 1: the control variate of
    `kl_divergence` serves it as it does k = 1.
    """
    return kl_divergence(block_log_means(log_r, k), tail)


def mean_of(estimates: list[Estimate]) -> Estimate:
    """The mean of independent estimates of different quantities, and its error."""
    values, errors = np.array(estimates).T
    return Estimate(float(values.mean()), float(np.sqrt(np.sum(errors**2)) / len(errors)))
