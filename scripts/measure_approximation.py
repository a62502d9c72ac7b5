"""Every divergence of one approximation that is not a flow from the truth: a row, as for a flow.

A fitted Gaussian is measured as the full-rank flow that it is, by quadrature where a flow would be.
Draws from outside can be scored only where they lie: what needs more is empty, and so
is all that needs log_q where it is not given, or not normalised. One that was refused is a row
without numbers.
"""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import files
from flowcheck.distances import effective_sample_size
from flowcheck.divergence import pareto_k
from flowcheck.flows import make_flow
from flowcheck.log_weights import log_densities
from load_target import load_target
from measuring import COLUMNS, Reference, measured_row, read_draws, sample_distances
from measuring_flow import by_quadrature, measured_flow

torch.set_num_threads(1)
params, paths = snakemake.params, snakemake.input
posterior = load_target(snakemake)
reference = Reference.read(snakemake, posterior)
run, draws = files.read_json(paths.run), read_draws(paths.draws, posterior.dim, 1)
theta, log_q = draws["theta"][0], draws["log_q"][0]
normalised = not run.get("unnormalised", False)
log_w = log_densities(posterior.log_density, torch.from_numpy(theta)) - log_q
known = len(theta) > 0 and not np.isnan(log_q).any()


def as_flow(gaussian: dict):
    """The Gaussian as a flow, and its parameters in double precision."""
    coordinates = torch.from_numpy(gaussian["loc"]), torch.from_numpy(gaussian["factor"])
    flow = make_flow("full_rank", posterior.dim, {}, coordinates)
    one = flow.initial(torch.Generator(), "near_identity")
    return flow, {name: value.double() for name, value in one.items()}


def measured() -> tuple[dict, float, str]:
    """The row, the share of the posterior that is never visited, and by what it was measured."""
    if run["refused"]:
        return dict.fromkeys(COLUMNS[3:], np.nan) | {"grade": reference.grade}, 0.0, "refused"
    if paths.get("gaussian"):
        flow, one = as_flow(files.read_arrays(paths.gaussian))
        row, misses = measured_flow(
            flow, one, params.flow, theta, log_w, posterior, reference, params
        )
        quadrature = by_quadrature(posterior, reference)
        return row, misses, "quadrature" if quadrature else "Monte Carlo"
    if known and normalised:
        return *measured_row(params.flow, theta, log_w, None, reference, params), "Monte Carlo"
    row, misses = measured_row(params.flow, theta, None, None, reference, params)
    if not known:
        return row, misses, "draws"
    return row | {"pareto_k": pareto_k(log_w)}, misses, "weights up to a constant"


row, misses, method = measured()
row |= {"target": params.target, "flow": params.flow, "replicate": 0}
row["skipped_steps"] = np.nan
files.write_table(snakemake.output.table, pd.DataFrame([row])[COLUMNS])
without_kl = method in ("draws", "weights up to a constant") and reference.theta is not None
files.write_json(
    snakemake.output.facts,
    {
        "target": params.target,
        "flow": params.flow,
        "kind": "fitted" if paths.get("gaussian") else "file",
        "method": method,
        "draws": len(theta),
        "replicates": [{"misses_part_of_p": misses > 0, "missing_mass": misses}],
        "refused": run["refused"],
        "notes": run["notes"],
        "effective_sample_size": effective_sample_size(log_w) if known else None,
        "distances": sample_distances(theta, reference, params) if without_kl else None,
    },
)
