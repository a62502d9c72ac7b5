"""Tables for the report: what a target's many rows say in one row per flow."""

import pandas as pd

# Columns that are estimates, with the columns of their standard errors.
MEASURED = ("elbo", "kl", "kl_forward", "kl_knn")


def by_flow(table: pd.DataFrame) -> list[dict]:
    """Mean and spread over replicates of every estimate, per flow; worst KL, Pareto k and skips."""
    rows = []
    # A replicate that is not a number must show: pandas would leave it out of a mean or maximum.
    for flow, ours in table.groupby("flow", sort=True):
        row = {"flow": flow, "replicates": len(ours)}
        for column in MEASURED:
            spread = ours[column].std(skipna=False) if len(ours) > 1 else None
            row[column] = (ours[column].mean(skipna=False), spread)
        row["kl_worst"] = ours["kl"].max(skipna=False)
        row["kl_se"] = ours["kl_se"].max(skipna=False)
        row["pareto_k"] = ours["pareto_k"].max(skipna=False)
        row["skipped_steps"] = int(ours["skipped_steps"].sum())
        rows.append(row)
    return rows


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
