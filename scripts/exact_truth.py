"""Exact evidence and moments of one target, and independent draws from it."""

from step import snakemake

import numpy as np
from flowcheck import files
from flowcheck.seeds import seed_for
from load_target import load_target

params = snakemake.params
target = load_target(snakemake)
rng = np.random.default_rng(seed_for(params.seed, params.target, "exact draws"))
files.write_json(snakemake.output.exact, target.exact())
files.write_arrays(snakemake.output.draws, theta=target.exact_draws(params.draws, rng))
