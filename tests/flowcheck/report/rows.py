"""Rows of a made-up study, as `summary.by_flow` makes them, and a moments.csv."""

import math

import pandas as pd

NAN = math.nan


def row(flow, kl=0.2, se=1e-4, spread=None, **columns):
    """One approximation's row; a keyword replaces a column."""
    known = {
        "flow": flow,
        "replicates": 1,
        "elbo": (-1.0 - kl, spread),
        "elbo_se": 1e-3,
        "kl": (kl, spread),
        "kl_se": se,
        "kl_shape": (kl, spread),
        "kl_unseen": (0.0, spread),
        "pareto_k": 0.2,
        "missed": 0,
        "missing_mass": 0.0,
        "refused": None,
        "method": "Monte Carlo",
        "by_quadrature": False,
        "kl_mc": (kl, spread),
    }
    assert set(columns) <= set(known)
    return known | columns


def moments(**errors):
    """moments.csv: flow -> {parameter: (mean_error, sd_ratio)}, beside the truth's own rows."""
    parameters = {name for own in errors.values() for name in own}
    rows = [("truth", 0, name, 0.0, 1.0) for name in sorted(parameters)]
    rows += [(flow, 0, name, *known) for flow, own in errors.items() for name, known in own.items()]
    return pd.DataFrame(
        rows, columns=["approximation", "replicate", "parameter", "mean_error", "sd_ratio"]
    )
