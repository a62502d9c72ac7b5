"""The nearest-neighbour estimator's own noise: what it reads where the divergence is zero."""

from step import snakemake

import numpy as np
import pandas as pd
from flowcheck import files
from flowcheck.divergence import evenly, knn_divergence
from flowcheck.seeds import seed_for
from flowcheck.verdict import require_passed
from load_target import load_target

params, paths = snakemake.params, snakemake.input
require_passed(files.read_json(paths.verdict), paths.verdict)
target = load_target(snakemake)
chain = files.read_chains(paths.chains)["posterior"]["theta"].values.reshape(-1, target.dim)

rows = []
for repeat in range(params.repeats):
    rng = np.random.default_rng(seed_for(params.seed, params.target, "knn floor", repeat))
    draws, others = (target.exact_draws(params.draws, rng) for _ in range(2))
    for pair, reference in (("exact-exact", others), ("exact-hmc", evenly(chain, params.draws))):
        value = knn_divergence(draws, reference, params.neighbours)
        rows.append(
            {
                "pair": pair,
                "repeat": repeat,
                "n": params.draws,
                "k": params.neighbours,
                "kl_knn": value,
            }
        )
files.write_table(snakemake.output.table, pd.DataFrame(rows))
