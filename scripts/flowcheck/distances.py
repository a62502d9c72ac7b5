"""What draws alone show of an approximation: distances between samples, and errors of moments."""

import numpy as np


def sliced_w2(
    draws: np.ndarray, reference: np.ndarray, scale: np.ndarray, rng: np.random.Generator
) -> float:
    """Sliced 2-Wasserstein distance between draws [n, dim] and reference [m, dim].

    Each coordinate is divided by its `scale` [dim]; the mean is over 200 random directions, of the
    squared distance between the sorted projections at common quantiles. (Bonneel, Rabin, Peyre &
    Pfister, "Sliced and Radon Wasserstein Barycenters of Measures", 2015.)
    """
    directions = rng.standard_normal((200, draws.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    levels = (np.arange(1000) + 0.5) / 1000
    quantiles = [
        np.quantile((sample / scale) @ directions.T, levels, axis=0)
        for sample in (draws, reference)
    ]
    return float(np.sqrt(np.mean((quantiles[0] - quantiles[1]) ** 2)))


def moment_rows(
    approximation: str,
    replicate: int,
    values: np.ndarray,
    coordinates: list[str],
    truth: dict,
    errors: np.ndarray | None = None,
) -> list[dict]:
    """Rows of moments.csv: mean and sd of each constrained scalar, beside the truth's.

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
