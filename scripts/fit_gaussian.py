"""The full-rank Gaussian fitted to one posterior: what gives its flows their coordinates."""

from step import snakemake

import torch
from flowcheck import files
from flowcheck.gaussian_fit import fit_gaussian
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params = snakemake.params
gaussian, _ = fit_gaussian(load_target(snakemake), seed_for(params.seed, params.target, "gaussian"))
files.write_arrays(
    snakemake.output.gaussian, loc=gaussian.loc.numpy(), factor=gaussian.factor.numpy()
)
