"""The variance of the total and of the path gradient along one training of one flow."""

from step import progress, snakemake

import pandas as pd
import torch
from flowcheck import base_quadrature, divergence, files, gradients, training
from flowcheck.flows import make_flow
from flowcheck.seeds import generators_for
from load_flow import QUADRATURE_DIM, tabulate
from load_target import load_target

torch.set_num_threads(1)
params = snakemake.params
target = load_target(snakemake)
flow = make_flow(params.flow_family, target.dim, params.sizes)
recipe = training.Recipe(**params.recipe | {"iterations": params.iterations})
log_evidence = files.read_json(snakemake.input.exact)["log_evidence"]
(generator,) = generators_for(1, params.seed, params.target, params.flow, "gradients")
found = gradients.along_training(
    flow,
    target.log_density,
    recipe,
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
