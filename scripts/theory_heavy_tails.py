"""Where the 1/K rate fails: a Gaussian approximation so narrow that its weights have no variance.

For p = N(0, 1) and q = N(0, s^2) the weights have a tail of index 1 / (1 - s^2): no variance for
s^2 <= 1/2, and then the gap shrinks as K^-(s^2 / (1 - s^2)), slower than 1/K. The gap itself is an
integral over one dimension, and the estimate from draws is given with it.
"""

from step import snakemake

import math

import numpy as np
import pandas as pd
import torch
from flowcheck import base_quadrature, divergence, files, multisample
from flowcheck.bound_quadrature import exact_gaps
from flowcheck.seeds import seed_for

params = snakemake.params
multisample.check_sizes(params.samples, params.draws)
rows = []
for name, variance in params.variances.items():

    def log_ratio(z: torch.Tensor, variance: float = variance) -> torch.Tensor:
        """log p/q at x = s z; z [n, 1] -> [n]."""
        return 0.5 * (1 - variance) * z.square().sum(-1) + 0.5 * math.log(variance)

    nodes = base_quadrature.tabulate(log_ratio, 1, relative=1e-8)
    known = base_quadrature.variance(nodes).value
    rng = np.random.default_rng(seed_for(params.seed, "heavy tails", name))
    log_r = log_ratio(torch.from_numpy(rng.standard_normal((params.draws, 1)))).numpy()
    tail = divergence.pareto_k(log_r)
    for k, gap in zip(params.samples, exact_gaps(nodes, params.samples), strict=True):
        estimate = multisample.gap(log_r, k, tail)
        rows.append(
            {
                "target": "gaussian",
                "flow": name,
                "replicate": 0,
                "k": k,
                "gap": gap.value,
                "gap_se": gap.se,
                "estimate": estimate.value,
                "estimate_se": estimate.se,
                "predicted": known / (2 * k),
                "pareto_k": tail,
            }
        )
files.write_table(snakemake.output.gaps, pd.DataFrame(rows))
