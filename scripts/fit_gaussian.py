"""The full-rank Gaussian fitted to one posterior: what gives its flows their coordinates."""

from step import snakemake

import time

import torch
from flowcheck import files
from flowcheck.counting import Counted
from flowcheck.gaussian_fit import fit_gaussian
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params = snakemake.params
target = Counted(load_target(snakemake))
began = time.perf_counter()
gaussian, _ = fit_gaussian(target, seed_for(params.seed, params.target, "gaussian"))
seconds = time.perf_counter() - began
files.write_arrays(
    snakemake.output.gaussian, loc=gaussian.loc.numpy(), factor=gaussian.factor.numpy()
)
files.write_json(
    snakemake.output.run,
    {
        "device": "cpu",
        "seconds": seconds,
        "gradients": target.gradients,
        "densities": target.densities,
    },
)
