"""What draws alone show of an approximation: distances between samples, and errors of moments."""

import numpy as np

# Of the sliced distance.
DIRECTIONS, QUANTILES = 200, 1000
# Of the classifier: folds of the cross-validation, and trees.
FOLDS, TREES = 5, 40


def sliced_w2(
    draws: np.ndarray, reference: np.ndarray, scale: np.ndarray, rng: np.random.Generator
) -> float:
    """Sliced 2-Wasserstein distance between draws [n, dim] and reference [m, dim].

    Each coordinate is divided by its `scale` [dim]; the mean is over 200 random directions, of the
    squared distance between the sorted projections at common quantiles. (Bonneel, Rabin, Peyre &
    Pfister, "Sliced and Radon Wasserstein Barycenters of Measures", 2015.)
    """
    directions = rng.standard_normal((DIRECTIONS, draws.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    quantiles = [_quantiles(directions @ (sample / scale).T) for sample in (draws, reference)]
    return float(np.sqrt(np.mean((quantiles[0] - quantiles[1]) ** 2)))


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Evenly spaced quantiles of each row of values [k, n]: [k, QUANTILES].

    Those of np.quantile, which takes five times as long: it looks for each among unsorted values.
    """
    ordered = np.sort(values, axis=1)
    places = (np.arange(QUANTILES) + 0.5) / QUANTILES * (ordered.shape[1] - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    share = places - below
    return (1 - share) * ordered[:, below] + share * ordered[:, above]


# From this share of repeated draws on they are no independent draws of a density, and the distance
# to the nearest other one is 0 too often.
REPEATED = 0.01


def repeated(draws: np.ndarray) -> float:
    """The share of draws [n, dim] that are copies of another: 0 for independent draws of a density,
    but for the rare ties of single precision.
    """
    return 1 - len(distinct(draws)) / len(draws)


def distinct(points: np.ndarray) -> np.ndarray:
    """The different rows of points [n, dim], in any order."""
    if len(np.unique(points[:, 0])) == len(points):  # by far the most common, and quickly seen
        return points
    return np.unique(points, axis=0)


def classifier_accuracy(draws: np.ndarray, reference: np.ndarray, seed: int) -> float:
    """How often a trained classifier tells draws [n, dim] from as many of the reference [m, dim].

    Gradient-boosted trees, by five-fold cross-validation: 1/2 where it sees no difference.
    (Lopez-Paz & Oquab, "Revisiting Classifier Two-Sample Tests", 2017, arXiv
    1610.06545.) It is less than what the best possible classifier reaches.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    n = min(len(draws), len(reference))
    points = np.concatenate([draws[:n], reference[:n]])
    labels = np.repeat([0, 1], n)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    trees = HistGradientBoostingClassifier(max_iter=TREES, random_state=0)
    return float(cross_val_score(trees, points, labels, cv=folds).mean())


def effective_sample_size(log_w: np.ndarray) -> float | None:
    """(sum w)^2 / sum w^2 of importance weights, from their logarithms [n] up to a constant; None
    where no weight is finite.
    """
    if np.isnan(log_w).any() or not np.isfinite(log_w).any() or np.isposinf(log_w).any():
        return None
    w = np.exp(log_w - log_w.max())
    return float(w.sum() ** 2 / np.square(w).sum())


def moment_rows(
    approximation: str,
    replicate: int,
    values: np.ndarray,
    coordinates: list[str],
    truth: dict,
    errors: np.ndarray | None = None,
) -> list[dict]:
    """Rows of moments.csv: mean and sd of each constrained scalar, with the truth's.

    values: draws [n, k], columns named by `coordinates`; truth: {name: {mean, sd, mean_se}};
    errors [k]: of the means, for draws that are not independent. What the truth does not know is
    NaN.
    """
    means, sds = values.mean(0), values.std(0, ddof=1)
    errors = sds / np.sqrt(len(values)) if errors is None else errors
    rows = []
    for i, name in enumerate(coordinates):
        own = truth.get(name, {"mean": np.nan, "sd": np.nan})
        rows.append(
            {
                "approximation": approximation,
                "replicate": replicate,
                "parameter": name,
                "mean": means[i],
                "sd": sds[i],
                "mean_se": errors[i],
                "mean_error": (means[i] - own["mean"]) / own["sd"],
                "sd_ratio": sds[i] / own["sd"],
            }
        )
    return rows
