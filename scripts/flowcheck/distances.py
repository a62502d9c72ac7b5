"""How far draws lie from the truth's draws: sliced distances, and moments parameter by parameter.

They need no density, and are nearly blind beyond a few dimensions: read each beside its floor.
"""

import math

import numpy as np

from flowcheck.bridge import chain_error
from flowcheck.divergence import evenly

DIRECTIONS = 200


def sliced_w2(
    draws: np.ndarray, reference: np.ndarray, sds: np.ndarray, seed: int, directions=DIRECTIONS
) -> float:
    """Sliced 2-Wasserstein distance of draws [n, dim] from reference [m, dim], in units of sds.

    The root of the mean, over directions uniform on the sphere, of the squared distance between
    the projections, in one dimension the mean squared gap of sorted draws (Bonneel, Rabin, Peyre &
    Pfister, "Sliced and Radon Wasserstein Barycenters of Measures", 2015). Each coordinate is
    divided by the truth's standard deviation first, sds [dim]. The larger sample is thinned evenly
    to the smaller. The directions come from the seed alone.
    """
    n = min(len(draws), len(reference))
    rng = np.random.default_rng(seed)
    axes = rng.standard_normal((directions, draws.shape[1]))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    total = 0.0
    # One direction at a time: all projections at once would take 16 MB for each 10,000 draws.
    for axis in axes / sds:
        gaps = np.sort(evenly(draws, n) @ axis) - np.sort(evenly(reference, n) @ axis)
        total += float(np.mean(gaps**2))
    return math.sqrt(total / directions)


def sliced_w2_floor(chains: np.ndarray, sds: np.ndarray, n: int, seed: int) -> float:
    """What `sliced_w2` reads between two samples of n draws, both the truth's; chains [C, N, dim].

    The samples are the even and the odd chains; of a single chain, or of exact draws given as one,
    the two halves. A chain's draws are worth fewer than their number, which raises the floor, as
    it raises the distance that is read beside it.
    """
    if len(chains) > 1:
        parts = chains[::2], chains[1::2]
    else:
        half = chains.shape[1] // 2
        parts = chains[:, :half], chains[:, half:]
    first, second = (evenly(part.reshape(-1, chains.shape[-1]), n) for part in parts)
    return sliced_w2(first, second, sds, seed)


def moments(
    approximation: str, replicate: int, draws: np.ndarray, names: list[str], expectations: dict
) -> list[dict]:
    """A row per parameter: mean, sd, mean_se, mean_error and sd_ratio of an approximation.

    draws: constrained, [C, N, len(names)], C = 1 where they are independent. expectations: the
    truth's, by name. mean_error = (mean - truth's mean) / truth's sd; sd_ratio = sd / truth's sd;
    NaN where the truth does not know them, or knows an sd of zero.
    """
    rows = []
    for i, name in enumerate(names):
        values = draws[..., i]
        mean, sd = float(values.mean()), float(values.std(ddof=1))
        se = chain_error(values) if len(values) > 1 else sd / math.sqrt(values.size)
        truth = expectations.get(name)
        rows.append(_row(approximation, replicate, name, mean, sd, se, truth))
    return rows


def truth_moments(names: list[str], expectations: dict) -> list[dict]:
    """The truth's own rows, for the parameters that it knows."""
    return [
        _row("truth", 0, name, known["mean"], known["sd"], known["mean_se"], known)
        for name in names
        if (known := expectations.get(name))
    ]


def _row(approximation, replicate, name, mean, sd, mean_se, truth) -> dict:
    known = truth is not None and truth["sd"] > 0
    return {
        "approximation": approximation,
        "replicate": replicate,
        "parameter": name,
        "mean": mean,
        "sd": sd,
        "mean_se": mean_se,
        "mean_error": (mean - truth["mean"]) / truth["sd"] if known else float("nan"),
        "sd_ratio": sd / truth["sd"] if known else float("nan"),
    }
