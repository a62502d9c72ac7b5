"""Means and standard deviations of every approximation of one target, with the truth's."""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck.arviz import statistics
from flowcheck import files
from flowcheck.distances import moment_rows
from load_target import load_target
from measuring import read_draws

paths = snakemake.input
posterior = load_target(snakemake)
names = posterior.coordinates
truth = files.read_json(paths.truth)["expectations"]


def flat(theta: np.ndarray) -> np.ndarray:
    """Unconstrained draws [..., dim] as constrained scalars [..., k]."""
    return posterior.flat(torch.from_numpy(theta)).numpy()


rows = [
    {
        "approximation": "truth",
        "replicate": 0,
        "parameter": name,
        "mean": known["mean"],
        "sd": known["sd"],
        "mean_se": known["mean_se"],
        "mean_error": 0.0,
        "sd_ratio": 1.0,
    }
    for name, known in truth.items()
]
chains = flat(files.read_theta(paths.chains, posterior.dim))
errors = np.array(
    [
        statistics().mcse(chains[..., i], chain_axis=0, draw_axis=1, method="mean")
        for i in range(len(names))
    ]
)
rows += moment_rows("hmc", 0, chains.reshape(-1, len(names)), names, truth, errors)
for approximation, path in zip(snakemake.params.approximations, paths.draws, strict=True):
    for replicate, theta in enumerate(read_draws(path, posterior.dim)["theta"]):
        if len(theta):  # there are none of one that was refused
            rows += moment_rows(approximation, replicate, flat(theta), names, truth)
files.write_table(snakemake.output.table, pd.DataFrame(rows))
