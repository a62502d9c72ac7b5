"""Every divergence of one flow from one target, replicate by replicate.

In one or two dimensions `kl` and `kl_forward` are integrals over the base variable, with the
tolerance that was checked as their errors, and the ELBO is the log evidence less the one. Above
that they are the Monte Carlo means that stand beside them, with their standard errors.
"""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import base_quadrature, divergence, files
from flowcheck.divergence import Estimate
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.verdict import require_passed
from load_flow import QUADRATURE_DIM, load_flow, replicate, tabulate
from load_target import load_target

params, paths = snakemake.params, snakemake.input
require_passed(files.read_json(paths.verdict), paths.verdict)
target = load_target(snakemake)
flow, weights = load_flow(snakemake, target.dim)
log_evidence = files.read_json(paths.exact)["log_evidence"]
exact = torch.from_numpy(files.read_arrays(paths.exact_draws)["theta"])
chain = files.read_chains(paths.chains)["posterior"]["theta"].values.reshape(-1, target.dim)
reference = divergence.evenly(chain, params.knn_draws)
draws = files.read_arrays(paths.draws)
skipped = files.read_json(paths.run)["skipped_steps"]


def log_p(theta: torch.Tensor) -> torch.Tensor:
    """The posterior's log density, normalised; theta [..., dim] -> [...]."""
    return target.log_density(theta) - log_evidence


log_p_over_q = log_p(torch.from_numpy(draws["theta"])).numpy() - draws["log_q"]
with torch.no_grad():
    z_exact, log_det = flow.inverse(weights, exact.expand(params.replicates, -1, -1))
log_q_exact = standard_normal_log_prob(z_exact) + log_det
log_q_over_p = (log_q_exact - log_p(exact)).numpy()

rows, facts = [], []
for r in range(params.replicates):
    name, own = f"replicate {r}", draws["theta"][r, : params.knn_draws]
    k = divergence.pareto_k(log_p_over_q[r])
    weight = divergence.mean_weight(log_p_over_q[r])
    kl = kl_mc = divergence.kl_divergence(log_p_over_q[r], k)
    tail = divergence.pareto_k(log_q_over_p[r])
    forward = forward_mc = divergence.kl_divergence(log_q_over_p[r], tail)
    elbo, knn = divergence.mean_with_error(log_p_over_q[r] + log_evidence), float("nan")
    misses = divergence.misses_mass(weight)
    if misses:
        print(f"WARNING: {name}: q misses part of p: E_q[p/q] is {weight.value:.4g}, not 1")
    if np.isfinite(own).all():
        knn = divergence.knn_divergence(own, reference, params.neighbours)
    else:
        print(f"WARNING: {name} has draws that are not finite: no neighbour estimate")
    if target.dim <= QUADRATURE_DIM:
        nodes = tabulate(flow, replicate(weights, r), log_p, name, z_exact[r], both=True)
        kl, forward, *_ = base_quadrature.divergences(nodes)
        if np.isfinite(kl.value):
            elbo = Estimate(log_evidence - kl.value, kl.se)
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
            "kl_mc": kl_mc.value,
            "kl_mc_se": kl_mc.se,
            "kl_forward_mc": forward_mc.value,
            "kl_forward_mc_se": forward_mc.se,
        }
    )
    finite = np.isfinite(weight).all()
    facts.append(
        {
            "mean_weight": weight.value if finite else None,
            "mean_weight_se": weight.se if finite else None,
            "misses_part_of_p": misses,
        }
    )
files.write_table(snakemake.output.table, pd.DataFrame(rows))
files.write_json(
    snakemake.output.facts,
    {
        "target": params.target,
        "flow": params.flow,
        "method": "quadrature" if target.dim <= QUADRATURE_DIM else "Monte Carlo",
        "draws": draws["theta"].shape[1],
        "replicates": facts,
    },
)
