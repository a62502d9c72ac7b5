"""Which parameters a number depends on, by regression on functions of each."""

import numpy as np

# A share of the variance that counts as an explanation; parameters named at most.
ENOUGH, MOST = 0.9, 2
# Steps of a function of one scalar, where there are few of them.
BINS, FEW = 12, 12


def explaining_parameters(
    values: dict[str, np.ndarray], number: np.ndarray
) -> tuple[list[str], float]:
    """The parameters, at most two, whose functions explain `number` [n] best, and the share of its
    variance that they explain on draws that were not fitted; values: name -> [n, scalars].

    One that explains nine tenths is returned alone. If no two do, the best one.
    """
    features = {name: _features(value) for name, value in values.items()}
    share = {name: _explained([one], number) for name, one in features.items()}
    best = max(share, key=share.get)
    if share[best] >= ENOUGH or len(features) == 1:
        return [best], share[best]
    pairs = {
        name: _explained([features[best], one], number)
        for name, one in features.items()
        if name != best
    }
    second = max(pairs, key=pairs.get)
    if pairs[second] >= ENOUGH:
        return [best, second], pairs[second]
    return ([best], share[best]) if share[best] > 0.1 else ([], 0.0)


def _features(values: np.ndarray) -> np.ndarray:
    """Functions of each scalar [n, scalars] -> [n, features]: powers, the logarithm, steps."""
    scale = np.maximum(values.std(0), 1e-300)
    z = (values - values.mean(0)) / scale
    parts = [z, z**2, np.log(np.abs(values) + 1e-12 * scale), np.abs(values) / scale]
    if values.shape[1] <= FEW:
        ranks = values.argsort(0).argsort(0) * BINS // len(values)
        parts += [ranks == step for step in range(1, BINS)]
    return np.concatenate([np.asarray(part, dtype=float) for part in parts], 1)


def _explained(parts: list[np.ndarray], number: np.ndarray) -> float:
    """R squared on the odd draws of a ridge regression fitted on the even ones."""
    x = np.concatenate(parts, 1)
    x = np.c_[np.ones(len(x)), (x - x.mean(0)) / np.maximum(x.std(0), 1e-12)]
    y = (number - number.mean()) / max(number.std(), 1e-300)
    fit, test = x[::2], x[1::2]
    ridge = 1e-6 * len(fit) * np.eye(x.shape[1])
    beta = np.linalg.solve(fit.T @ fit + ridge, fit.T @ y[::2])
    left = y[1::2] - test @ beta
    return float(1 - np.mean(left**2) / max(np.var(y[1::2]), 1e-300))
