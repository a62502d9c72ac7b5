"""The variance of the total and of the path gradient along the training of one flow."""

from step import progress, snakemake

import pandas as pd
from flowcheck import base_quadrature, divergence, files, gradients, histories, intact
from flowcheck.seeds import generators_for
from load_flow import QUADRATURE_DIM, load_flow, tabulate
from load_target import load_target

params, paths = snakemake.params, snakemake.input
target = load_target(snakemake)
flow, weights = load_flow(snakemake, target.dim)
snapshots = histories.snapshots_of(files.read_weights(paths.snapshots))
shapes = {name: value.shape[1:] for name, value in weights.items()}
for one in snapshots.values():
    intact.require_shapes(paths.snapshots, one, shapes)
log_evidence = files.read_json(paths.exact)["log_evidence"]
(generator,) = generators_for(1, params.seed, params.target, params.flow, "gradients")
found = gradients.along_training(
    flow,
    target.log_density,
    snapshots,
    params.samples,
    generator,
    params.batches,
    params.draws,
    lambda iterations: progress(iterations, f"gradients of {params.flow}"),
)
rows = []
for iteration, trace, log_ratio, one in found:
    log_r = log_ratio - log_evidence
    kl = kl_mc = divergence.kl_divergence(log_r, divergence.pareto_k(log_r))
    if target.dim <= QUADRATURE_DIM:
        nodes = tabulate(flow, one, lambda x: target.log_density(x) - log_evidence, f"{iteration}")
        kl = base_quadrature.divergences(nodes).kl
    for estimator, variance in trace.items():
        rows.append(
            {
                "target": params.target,
                "flow": params.flow,
                "iteration": iteration,
                "estimator": estimator,
                "variance": variance,
                "kl": kl.value,
                "kl_se": kl.se,
                "kl_mc": kl_mc.value,
                "kl_mc_se": kl_mc.se,
            }
        )
files.write_table(snakemake.output.table, pd.DataFrame(rows))
