"""The largest errors of an approximation's means and standard deviations."""

import math

import pandas as pd

# A mean is off by what exceeds so many standard errors of it.
MOMENT_ERRORS = 4.0


def worst_moments(moments: pd.DataFrame | None, flow: str) -> dict | None:
    """The largest errors over parameters and replicates; None where they are not known.

    mean_error, in sds, with the one of its parameter, mean_excess, what exceeds four standard
    errors; sd_ratio with its parameter.
    """
    if moments is None:
        return None
    ours = moments[moments["approximation"] == flow]
    ours = ours[ours["mean_error"].notna() & (ours["sd_ratio"] > 0)]
    if ours.empty:
        return None
    truth = moments[moments["approximation"] == "truth"].set_index("parameter")
    se, sd = (ours["parameter"].map(truth[key]) for key in ("mean_se", "sd"))
    own = ours["mean_se"].fillna(0.0)
    error = (own**2 + se.fillna(0.0) ** 2) ** 0.5 / sd
    excess = (ours["mean_error"].abs() - MOMENT_ERRORS * error).clip(lower=0.0)
    by_mean = ours["mean_error"].abs().idxmax()
    by_sd = ours["sd_ratio"].map(math.log).abs().idxmax()
    return {
        "mean_error": ours.loc[by_mean, "mean_error"],
        "mean_parameter": ours.loc[by_mean, "parameter"],
        "mean_excess": excess.max(),
        "sd_ratio": ours.loc[by_sd, "sd_ratio"],
        "sd_parameter": ours.loc[by_sd, "parameter"],
    }
