"""The multi-sample bound of one flow, for rising numbers of samples, compared with the evidence.

Every replicate counts. In one or two dimensions its gap to the evidence is exact, and the estimate
from draws is given with it; above two dimensions there is only the estimate.
"""

from step import snakemake

import pandas as pd
from flowcheck import base_quadrature, divergence, files, multisample
from flowcheck.bound_quadrature import exact_gaps
from load_flow import QUADRATURE_DIM, draw_log_weights, load_flow, replicate, tabulate
from load_target import load_target

params = snakemake.params
multisample.check_sizes(params.samples, params.draws)
target = load_target(snakemake)
flow, weights = load_flow(snakemake, target.dim)
log_evidence = files.read_json(snakemake.input.exact)["log_evidence"]
log_w = draw_log_weights(snakemake, target, flow, weights, params.draws, "L_K")

bounds, gaps = [], []
for k in params.samples:
    value = multisample.mean_of([multisample.bound(row, k) for row in log_w])
    name = {"target": params.target, "flow": params.flow, "k": k}
    bounds.append(name | {"value": value.value, "se": value.se, "log_evidence": log_evidence})
for r, log_r in enumerate(log_w - log_evidence):
    tail = divergence.pareto_k(log_r)
    found = estimates = [multisample.gap(log_r, k, tail) for k in params.samples]
    variance = float("nan")
    if target.dim <= QUADRATURE_DIM:
        one, normalised = replicate(weights, r), lambda x: target.log_density(x) - log_evidence
        nodes = tabulate(flow, one, normalised, f"replicate {r}", both=True)
        found, variance = exact_gaps(nodes, params.samples), base_quadrature.variance(nodes).value
    gaps += [
        {
            "target": params.target,
            "flow": params.flow,
            "replicate": r,
            "k": k,
            "gap": gap.value,
            "gap_se": gap.se,
            "estimate": estimate.value,
            "estimate_se": estimate.se,
            "predicted": variance / (2 * k),
            "pareto_k": tail,
        }
        for k, gap, estimate in zip(params.samples, found, estimates, strict=True)
    ]
files.write_table(snakemake.output.bounds, pd.DataFrame(bounds))
files.write_table(snakemake.output.gaps, pd.DataFrame(gaps))
