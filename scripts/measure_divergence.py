"""Every divergence of one flow from one target, replicate by replicate, beside the exact one."""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import divergence, files
from flowcheck.verdict import require_passed
from load_flow import draw_log_weights, load_flow
from load_target import load_target

params, paths = snakemake.params, snakemake.input
require_passed(files.read_json(paths.verdict), paths.verdict)
target = load_target(snakemake)
flow, weights = load_flow(snakemake, target.dim)
log_evidence = files.read_json(paths.exact)["log_evidence"]
exact = torch.from_numpy(files.read_arrays(paths.exact_draws)["theta"])
chain = files.read_chains(paths.chains)["posterior"]["theta"].values.reshape(-1, target.dim)
reference = divergence.evenly(chain, params.knn_draws)
draws = files.read_arrays(paths.draws)["theta"]
skipped = files.read_json(paths.run)["skipped_steps"]

log_p_over_q = draw_log_weights(snakemake, target, flow, weights, params.kl_draws, "KL")
log_p_over_q -= log_evidence
with torch.no_grad():
    log_q_exact = flow.log_prob(weights, exact.expand(params.replicates, -1, -1))
log_q_over_p = (log_q_exact - (target.log_density(exact) - log_evidence)).numpy()

rows = []
for r in range(params.replicates):
    k = divergence.pareto_k(log_p_over_q[r])
    elbo = divergence.mean_with_error(log_p_over_q[r] + log_evidence)
    kl = divergence.kl_divergence(log_p_over_q[r], k)
    forward = divergence.kl_divergence(log_q_over_p[r], divergence.pareto_k(log_q_over_p[r]))
    own, knn = draws[r, : params.knn_draws], float("nan")
    if np.isfinite(own).all():
        knn = divergence.knn_divergence(own, reference, params.neighbours)
    else:
        print(f"WARNING: replicate {r} has draws that are not finite: no neighbour estimate")
    rows.append(
        {
            "target": params.target,
            "flow": params.flow,
            "replicate": r,
            "elbo": elbo.value,
            "elbo_se": elbo.se,
            "kl": kl.value,
            "kl_se": kl.se,
            "kl_forward": forward.value,
            "kl_forward_se": forward.se,
            "kl_knn": knn,
            "pareto_k": k,
            "skipped_steps": skipped[r],
        }
    )
files.write_table(snakemake.output.table, pd.DataFrame(rows))
