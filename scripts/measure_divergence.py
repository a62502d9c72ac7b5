"""Every divergence of one flow from one target, replicate by replicate, against the truth.

In one or two dimensions with an exact evidence `kl` and `kl_forward` are integrals over the base
variable, with the tolerance that was checked as their errors, and the ELBO is the log evidence less
the one. Above that they are the Monte Carlo estimates that are given next to them.
"""

from step import snakemake

import pandas as pd
import torch
from flowcheck import files, intact
from flowcheck.log_weights import log_densities
from load_flow import load_flow, replicate
from load_target import load_target
from measuring import COLUMNS, Reference, read_draws
from measuring_flow import by_quadrature, measured_flow

params, paths = snakemake.params, snakemake.input
posterior = load_target(snakemake)
flow, weights = load_flow(snakemake, posterior.dim)
reference = Reference.read(snakemake, posterior)
draws = read_draws(paths.draws, posterior.dim, params.replicates)
skipped = files.read_json(paths.run)["skipped_steps"]
if len(skipped) != params.replicates:
    raise intact.Unusable(paths.run, f"is of {len(skipped)} replicates, not {params.replicates}")
log_w = log_densities(posterior.log_density, torch.from_numpy(draws["theta"])) - draws["log_q"]

rows, facts = [], []
for r in range(params.replicates):
    one, name = replicate(weights, r), f"replicate {r}"
    row, misses = measured_flow(
        flow, one, name, draws["theta"][r], log_w[r], posterior, reference, params
    )
    rows.append(
        {"target": params.target, "flow": params.flow, "replicate": r}
        | row
        | {"skipped_steps": skipped[r]}
    )
    facts.append({"misses_part_of_p": misses > 0, "missing_mass": misses})
files.write_table(snakemake.output.table, pd.DataFrame(rows)[COLUMNS])
files.write_json(
    snakemake.output.facts,
    {
        "target": params.target,
        "flow": params.flow,
        "method": "quadrature" if by_quadrature(posterior, reference) else "Monte Carlo",
        "draws": draws["theta"].shape[1],
        "replicates": facts,
    },
)
