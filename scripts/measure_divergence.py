"""Every divergence of one flow from one target, replicate by replicate, beside the truth.

In one or two dimensions with an exact evidence `kl` and `kl_forward` are integrals over the base
variable, with the tolerance that was checked as their errors, and the ELBO is the log evidence less
the one. Above that they are the Monte Carlo estimates that stand beside them.
"""

from step import snakemake

import math

import pandas as pd
import torch
from flowcheck import base_quadrature, files, intact
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.log_weights import log_densities
from load_flow import QUADRATURE_DIM, load_flow, replicate, tabulate
from load_target import load_target
from measuring import COLUMNS, Reference, measured_row, read_draws

params, paths = snakemake.params, snakemake.input
posterior = load_target(snakemake)
flow, weights = load_flow(snakemake, posterior.dim)
reference = Reference.read(snakemake, posterior)
draws = read_draws(paths.draws, posterior.dim, params.replicates)
skipped = files.read_json(paths.run)["skipped_steps"]
if len(skipped) != params.replicates:
    raise intact.Unusable(paths.run, f"is of {len(skipped)} replicates, not {params.replicates}")
log_w = log_densities(posterior.log_density, torch.from_numpy(draws["theta"])) - draws["log_q"]
by_quadrature = posterior.dim <= QUADRATURE_DIM and reference.grade == "exact"


def at_the_truth(one: dict):
    """log p - log q at the truth's draws [C, N], and their place in the base; None if unknown."""
    if reference.theta is None or not flow.invertible:
        return None, None
    theta = torch.from_numpy(reference.theta)
    z, log_q = [], []
    with torch.no_grad():
        for chain in theta:
            base, log_det = flow.inverse(one, chain)
            z.append(base)
            log_q.append(standard_normal_log_prob(base) + log_det)
    return reference.log_p - torch.stack(log_q).numpy(), torch.cat(z)


def integrated(one: dict, name: str, places) -> dict:
    """The columns that quadrature knows better."""

    def log_p(theta):
        return posterior.log_density(theta) - reference.evidence.value

    nodes = tabulate(flow, one, log_p, name, places, both=True)
    kl, forward, *_ = base_quadrature.divergences(nodes)
    found = {
        "kl": kl.value,
        "kl_se": kl.se,
        "kl_forward": forward.value,
        "kl_forward_se": forward.se,
    }
    if math.isfinite(kl.value):
        found |= {"elbo": reference.evidence.value - kl.value, "elbo_se": kl.se}
    return found


rows, facts = [], []
for r in range(params.replicates):
    one, name = replicate(weights, r), f"replicate {r}"
    chain_log_w, places = at_the_truth(one)
    row, misses = measured_row(draws["theta"][r], log_w[r], chain_log_w, reference, params)
    if by_quadrature:
        row |= integrated(one, name, places)
    if misses:
        print(f"WARNING: {name}: q misses part of p, {misses:.2%} of the mass")
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
        "method": "quadrature" if by_quadrature else "Monte Carlo",
        "draws": draws["theta"].shape[1],
        "replicates": facts,
    },
)
