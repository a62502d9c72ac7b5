"""What one target knows exactly, null where it does not, and independent draws from it."""

from step import snakemake

import numpy as np
from flowcheck import files
from flowcheck.precision import EPSILON, require_digits
from flowcheck.seeds import seed_for
from load_target import load_target

params = snakemake.params
target = load_target(snakemake)
rng = np.random.default_rng(seed_for(params.seed, params.target, "exact draws"))
exact = dict.fromkeys(("log_evidence", "mean", "variance", "method", "tolerance")) | target.exact()
value = exact["log_evidence"]
if value is not None and not exact.get("log_evidence_se"):
    tolerance = max(exact["tolerance"] or 0.0, EPSILON * abs(value))
    require_digits(value, tolerance, f"the data of {params.target}")
draws = target.exact_draws(params.draws, rng)
files.write_json(snakemake.output.exact, exact)
if draws is None:
    draws = np.empty((0, target.dim))
files.write_arrays(snakemake.output.draws, theta=draws)
