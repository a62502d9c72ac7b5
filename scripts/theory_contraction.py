"""KL(q_t|p) step by step under exactly known kernels, on a lattice of one posterior."""

from step import snakemake

from contextlib import suppress

import numpy as np
import pandas as pd
import torch
from flowcheck import files, kernels
from load_target import load_target

# The lattice reaches this many standard deviations each way, less states this far below the peak.
STANDARD_DEVIATIONS, NATS = 6.0, 20.0
# The start is a Gaussian next to the posterior's middle, off its axes of symmetry: its centre from
# the posterior's mean, and its spread, in standard deviations.
OFFSET, SPREAD = (-1.3, 1.4), 0.6
# The local proposals' scale, in lattice steps, and the independent one's, in standard deviations.
SCALE, PROPOSAL_SPREAD = 2.0, 2.0

params = snakemake.params
target = load_target(snakemake)
exact = files.read_json(snakemake.input.exact)
centre, spread = np.array(exact["mean"]), np.sqrt(exact["variance"])
states = kernels.lattice(
    lambda x: target.log_density(torch.from_numpy(x)).numpy(),
    centre,
    STANDARD_DEVIATIONS * spread,
    params.points,
    NATS,
)


def gaussian(middle: np.ndarray, width: np.ndarray | float) -> np.ndarray:
    """A normal density's values at the states, summing to 1."""
    values = np.exp(-0.5 * np.square((states.x - middle) / width).sum(-1))
    return values / values.sum()


p = states.p
walk = kernels.random_walk(states, SCALE)
by_name = {
    "random walk": walk,
    "lazy random walk": kernels.lazy(walk),
    "long range": kernels.long_range(states, SCALE),
    "independence": kernels.independence(p, gaussian(centre, PROPOSAL_SPREAD * spread)),
    "constant": kernels.constant(p),
    "identity": np.eye(len(p)),
}
with suppress(ValueError):  # a posterior without that symmetry does without that kernel
    by_name["reflection"] = kernels.reflection(states, axis=1)
start = gaussian(centre + np.array(OFFSET) * spread, SPREAD * spread)
tables, facts = [], {}
for name, kernel in by_name.items():
    kl = kernels.contraction(kernel, p, start, params.steps)
    tables.append(pd.DataFrame({"kernel": name, "step": np.arange(len(kl)), "kl": kl}))
    facts[name] = {
        "rate": kernels.rate(kernel),
        "reversible": kernels.is_reversible(kernel, p),
        "every_state_in_one_step": bool((kernel > 0).all()),
    }
    print(f"{name}: {len(kl) - 1} steps, KL {kl[0]:.4g} to {kl[-1]:.4g}, {facts[name]}", flush=True)
files.write_table(snakemake.output.table, pd.concat(tables, ignore_index=True))
# KL(q|p) >= KL(q_T|p) + KL(q|q'_T), q'_T one more step of the kernel: both sides of the published
# solution's own inequality.
once = start @ walk
two_steps = {
    "before": kernels.divergence(start, p),
    "after": kernels.divergence(once, p),
    "moved": kernels.divergence(start, once @ walk),
}
files.write_json(
    snakemake.output.facts,
    {"target": params.target, "states": len(p), "kernels": facts, "two_steps": two_steps},
)
