"""Tables for the report: a target's many rows summarised in one row per flow."""

import math

import pandas as pd

# The bands of Pareto k: good, usable, unreliable (Vehtari et al., "Pareto Smoothed Importance
# Sampling", arXiv 1507.02646).
K_GOOD, K_USABLE = 0.5, 0.7
# Columns averaged over replicates.
MEASURED = (
    "elbo", "kl", "kl_forward", "kl_knn", "kl_mc", "kl_forward_mc", "kl_shape", "kl_unseen", "eubo",
    "tv", "c2st_best", "sliced_w2",
)  # fmt: skip
# Columns whose error is given beside them, for one replicate.
ESTIMATED = ("elbo", "kl", "kl_forward", "kl_mc", "kl_forward_mc")


def by_flow(table: pd.DataFrame, facts: dict[str, dict]) -> list[dict]:
    """Mean and standard deviation over replicates of every number, per flow, and what was missed.

    table: a target's divergence.csv; facts: flow -> its divergence.json, {} for one without. Beside
    each divergence `<column>_se`, the largest error of one replicate; the worst KL, Pareto k and
    skips; missed: how many replicates miss part of p, and missing_mass: the mean share they miss;
    refused: why an approximation was not measured, None where it was; method: how it was; and of
    an approximation that is no flow what else its facts say of it.
    """
    rows = []
    # A replicate that is not a number must show: pandas would leave it out of a mean or maximum.
    for flow, ours in table.groupby("flow", sort=True):
        row = {"flow": flow, "replicates": len(ours)}
        for column in MEASURED:
            spread = ours[column].std(skipna=False) if len(ours) > 1 else None
            row[column] = (ours[column].mean(skipna=False), spread)
        for column in ESTIMATED:
            row[f"{column}_se"] = ours[f"{column}_se"].max(skipna=False)
        row["known"] = math.isfinite(row["kl"][0])
        row["kl_worst"] = ours["kl"].max(skipna=False)
        row["pareto_k"] = ours["pareto_k"].max(skipna=False)
        row["k_word"] = k_word(row["pareto_k"])
        row["skipped_steps"] = int(ours["skipped_steps"].sum())
        own = facts.get(flow, {})
        missing = [
            one["missing_mass"] for one in own.get("replicates", []) if one["misses_part_of_p"]
        ]
        row["by_quadrature"] = own.get("method") == "quadrature"
        # What only approximations have that are no flows.
        for key in ("kind", "method", "refused", "draws", "effective_sample_size", "distances"):
            row[key] = own.get(key)
        row["notes"] = own.get("notes", [])
        row["missed"] = len(missing)
        row["missing_mass"] = sum(missing) / len(missing) if missing else 0.0
        rows.append(row)
    return rows


def k_word(k: float) -> str:
    """The band of a Pareto k in a word."""
    if not k >= K_GOOD:
        return "good"
    return "usable" if k < K_USABLE else "unreliable"


def moments_of(moments: pd.DataFrame, parameters: list[str]) -> dict:
    """A target's moments.csv as a table: a row for each of `parameters`.

    {"approximations": names, "rows": [{"parameter", "mean", "sd", "errors": [(mean_error, sd_ratio)
    averaged over replicates, for each approximation]}]}; mean and sd are the truth's, NaN where it
    has none.
    """
    truth = moments[moments["approximation"] == "truth"].set_index("parameter")
    others = moments[moments["approximation"] != "truth"]
    means = others.groupby(["approximation", "parameter"])[["mean_error", "sd_ratio"]].mean()
    names = sorted(others["approximation"].unique(), key=lambda name: (name != "hmc", name))
    rows = [
        {
            "parameter": parameter,
            "mean": truth["mean"].get(parameter, float("nan")),
            "sd": truth["sd"].get(parameter, float("nan")),
            "errors": [tuple(means.loc[name, parameter]) for name in names],
        }
        for parameter in parameters
    ]
    return {"approximations": names, "rows": rows}


def floor_of(table: pd.DataFrame) -> list[dict]:
    """Mean, its standard error, and spread of the nearest-neighbour estimate, per pair."""
    rows = []
    for pair, ours in table.groupby("pair", sort=True):
        values = ours["kl_knn"]
        rows.append(
            {
                "pair": pair,
                "repeats": len(values),
                "n": int(ours["n"].iloc[0]),
                "k": int(ours["k"].iloc[0]),
                "mean": values.mean(),
                "se": values.std() / len(values) ** 0.5,
                "sd": values.std(),
            }
        )
    return rows
