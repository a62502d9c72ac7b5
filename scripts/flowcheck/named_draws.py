"""Draws by name: arrays of named parameters taken apart into scalars, and the worst of these."""

import difflib
import math

import numpy as np
import pandas as pd


def scalars(group) -> dict[str, np.ndarray]:
    """Draws [chain, draw] of each scalar, by its name: `tau`, `beta[0]`, `omega[1,0]`.

    group: an ArviZ group (an xarray Dataset or DataTree) with dimensions (chain, draw, ...). The
    order is the group's, each parameter in C order.
    """
    found = {}
    for name, values in group.data_vars.items():
        draws = np.asarray(values)
        for index in np.ndindex(draws.shape[2:]):
            own = f"{name}[{','.join(map(str, index))}]" if index else str(name)
            found[own] = draws[(slice(None), slice(None), *index)]
    return found


def check_names(wanted: list[str], known: list[str]) -> list[str]:
    """`wanted`. Raises ValueError, with what was perhaps meant, for a name not in `known`."""
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known[:8])}"
            raise ValueError(f"the key `show` names '{name}', which is not a parameter{hint}")
    return wanted


def worst_parameters(moments: pd.DataFrame, count: int) -> list[str]:
    """At most `count` parameters with the largest errors in a target's moments.csv, in its order.

    A parameter's error is the largest |mean_error| or |log sd_ratio| over the approximations and
    their replicates; one whose errors are unknown counts as free of error.
    """
    ours = moments[~moments["approximation"].isin(["truth", "hmc"])]
    everything = moments["parameter"].drop_duplicates()
    if len(everything) <= count:
        return list(everything)
    ratio = ours["sd_ratio"].where(ours["sd_ratio"] > 0)
    error = np.fmax(ours["mean_error"].abs(), np.log(ratio).abs())
    by_parameter = error.groupby(ours["parameter"]).max().reindex(everything).fillna(-math.inf)
    # A stable sort: where errors are equal, the order of the table decides.
    worst = set(by_parameter.sort_values(ascending=False, kind="stable").index[:count])
    return [name for name in everything if name in worst]
