"""The multi-sample bound of one flow, for rising numbers of samples, beside the evidence."""

from step import snakemake

import numpy as np
import pandas as pd
from flowcheck import divergence, files, multisample
from load_flow import draw_log_weights, load_flow
from load_target import load_target

params = snakemake.params
multisample.check_sizes(params.samples, params.draws)
target = load_target(snakemake)
flow, weights = load_flow(snakemake, target.dim)
log_evidence = files.read_json(snakemake.input.exact)["log_evidence"]
log_w = draw_log_weights(snakemake, target, flow, weights, params.draws, "L_K")
log_r = log_w - log_evidence
tails = np.array([divergence.pareto_k(row) for row in log_r])
# The gap is that of the replicates whose weights have an error to speak of, unless none has.
usable = np.flatnonzero(tails < divergence.PARETO_LIMIT)
usable = usable if usable.size else np.arange(params.replicates)

bounds, gaps = [], []
for k in params.samples:
    value = multisample.mean_of([multisample.bound(row, k) for row in log_w])
    gap = multisample.mean_of([multisample.gap(log_r[r], k, tails[r]) for r in usable])
    name = {"target": params.target, "flow": params.flow, "k": k}
    bounds.append(name | {"value": value.value, "se": value.se, "log_evidence": log_evidence})
    gaps.append(
        name
        | {
            "gap": gap.value,
            "gap_se": gap.se,
            "predicted": np.mean([multisample.predicted_gap(log_r[r], k) for r in usable]),
            "pareto_k": tails[usable].max(),
            "replicates": usable.size,
        }
    )
files.write_table(snakemake.output.bounds, pd.DataFrame(bounds))
files.write_table(snakemake.output.gaps, pd.DataFrame(gaps))
