"""The nearest-neighbour estimator's own noise: what it reads where the divergence is zero."""

from step import snakemake

import numpy as np
import pandas as pd
from flowcheck import files
from flowcheck.divergence import evenly, knn_divergence
from flowcheck.seeds import seed_for
from load_target import load_target
from measuring import NEIGHBOUR_DIM

params, paths = snakemake.params, snakemake.input
target = load_target(snakemake)
passed = files.read_json(paths.verdict)["passed"]
chain = files.read_theta(paths.chains, target.dim).reshape(-1, target.dim)


def pairs(rng: np.random.Generator):
    """The pairs of samples that have one law, by name."""
    draws, others = (target.exact_draws(params.draws, rng) for _ in range(2))
    if draws is not None:
        yield "exact-exact", draws, others
        if passed:
            yield "exact-hmc", draws, evenly(chain, params.draws)
    elif passed:
        # Two halves of the chain's states, dealt at random.
        mixed = rng.permutation(chain)[: 2 * params.draws]
        yield "hmc-hmc", mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


rows = []
for repeat in range(params.repeats if target.dim <= NEIGHBOUR_DIM else 0):
    rng = np.random.default_rng(seed_for(params.seed, params.target, "knn floor", repeat))
    for pair, draws, others in pairs(rng):
        value = knn_divergence(draws, others, params.neighbours)
        rows.append((pair, repeat, len(others), params.neighbours, value))
table = pd.DataFrame(rows, columns=["pair", "repeat", "n", "k", "kl_knn"])
files.write_table(snakemake.output.table, table)
