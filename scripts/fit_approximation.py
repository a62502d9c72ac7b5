"""A Gaussian fitted to one target by a method, and draws from it with their log densities."""

from step import snakemake

import time

import numpy as np
import torch
from approximation_files import no_draws, write_approximation
from flowcheck import files
from flowcheck.approximations.fitting import fit
from flowcheck.log_weights import log_densities
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params, output = snakemake.params, snakemake.output
posterior = load_target(snakemake)
names = (params.seed, params.target, params.approximation)
began = time.perf_counter()
found = fit(params.method, posterior, seed_for(*names))
seconds = time.perf_counter() - began
theta, log_q, log_p = no_draws(posterior.dim)
loc, factor = np.empty(0), np.empty((0, 0))
if found.gaussian is None:
    print(f"WARNING: {params.approximation} was refused: {found.refused}")
else:
    generator = torch.Generator().manual_seed(seed_for(*names, "draws"))
    draws = found.gaussian.sample(params.draws, generator)
    theta, log_q = draws.numpy(), found.gaussian.log_prob(draws).numpy()
    log_p = log_densities(posterior.log_density, draws)
    loc, factor = (part.numpy() for part in found.gaussian)
files.write_arrays(output.gaussian, loc=loc, factor=factor)
run = {
    "method": params.method,
    "device": "cpu",
    "seconds": seconds,
    "gradients": found.gradients,
    "densities": found.densities,
    "refused": found.refused,
    "notes": [],
}
write_approximation(output, posterior, theta, log_q, log_p, run)
