"""Every divergence of one flow from one target, replicate by replicate, beside the truth."""

from step import snakemake

import pandas as pd
import torch
from flowcheck import files
from flowcheck.log_weights import log_densities
from load_flow import load_flow
from load_target import load_target
from measuring import COLUMNS, Reference, measured_row

params, paths = snakemake.params, snakemake.input
posterior = load_target(snakemake)
flow, weights = load_flow(snakemake, posterior.dim)
reference = Reference.read(snakemake, posterior)
draws = files.read_arrays(paths.draws)
skipped = files.read_json(paths.run)["skipped_steps"]
log_w = log_densities(posterior.log_density, torch.from_numpy(draws["theta"])) - draws["log_q"]

rows = []
for r in range(params.replicates):
    one = {name: value[r] for name, value in weights.items()}
    chain_log_w = None
    if reference.theta is not None and flow.invertible:
        theta = torch.from_numpy(reference.theta)
        chain_log_w = reference.log_p - log_densities(
            lambda u, one=one: flow.log_prob(one, u), theta
        )
    found = measured_row(draws["theta"][r], log_w[r], chain_log_w, reference, params)
    name = {"target": params.target, "flow": params.flow, "replicate": r}
    rows.append(name | found | {"skipped_steps": skipped[r]})
files.write_table(snakemake.output.table, pd.DataFrame(rows)[COLUMNS])
