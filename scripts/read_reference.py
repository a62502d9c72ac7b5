"""A user's own draws from one posterior, in place of a Hamiltonian Monte Carlo run."""

from step import snakemake

import numpy as np
import torch
from flowcheck import files
from flowcheck.reference_draws import chains_of
from load_target import load_target

params, output = snakemake.params, snakemake.output
posterior = load_target(snakemake)
named = files.read_named(snakemake.input.reference[0])
theta, lp = chains_of(posterior, named, params.reference)
by_name = {k: v.numpy() for k, v in posterior.constrain(torch.from_numpy(theta)).items()}
# How these draws were made is not known: no energy, no divergence, which the verdict says.
unknown = np.full(lp.shape, np.nan)
stats = {"lp": lp, "energy": unknown, "acceptance_rate": unknown, "diverging": lp < -np.inf}
files.write_chains(output.chains, theta, stats, by_name if posterior.named else None)
files.write_json(
    output.run,
    {
        "device": "elsewhere",
        "reference": params.reference,
        "chains": theta.shape[0],
        "draws": theta.shape[1],
        "discarded": 0,
        "leapfrog_steps": None,
        "step_size": None,
        "acceptance_rate": None,
        "seconds": 0.0,
    },
)
