"""The evidence of one posterior, from its density and its judged chain alone."""

from step import snakemake

import torch
from flowcheck import evidence, files
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params, paths = snakemake.params, snakemake.input
verdict = files.read_json(paths.verdict)
if verdict["passed"]:
    posterior = load_target(snakemake)
    theta = files.read_theta(paths.chains, posterior.dim)
    found = evidence.estimate(posterior, theta, seed_for(params.seed, params.target, "evidence"))
else:
    found = evidence.none("Hamiltonian Monte Carlo failed its verdict")
files.write_json(snakemake.output.evidence, found)
