"""Where the 1/K rate fails: a Gaussian approximation so narrow that its weights have no variance.

For p = N(0, 1) and q = N(0, s^2) the weights have a tail of index 1 / (1 - s^2): no variance for
s^2 <= 1/2, and then the gap shrinks as K^-(s^2 / (1 - s^2)), slower than 1/K.
"""

from step import snakemake

import numpy as np
import pandas as pd
from flowcheck import divergence, files, multisample
from flowcheck.seeds import seed_for
from scipy.stats import norm

params = snakemake.params
multisample.check_sizes(params.samples, params.draws)
rows = []
for name, variance in params.variances.items():
    rng = np.random.default_rng(seed_for(params.seed, "heavy tails", name))
    x = np.sqrt(variance) * rng.standard_normal(params.draws)
    log_r = norm.logpdf(x) - norm.logpdf(x, scale=np.sqrt(variance))
    tail = divergence.pareto_k(log_r)
    for k in params.samples:
        gap = multisample.gap(log_r, k, tail)
        rows.append(
            {
                "target": "gaussian",
                "flow": name,
                "k": k,
                "gap": gap.value,
                "gap_se": gap.se,
                "predicted": multisample.predicted_gap(log_r, k),
                "pareto_k": tail,
                "replicates": 1,
            }
        )
files.write_table(snakemake.output.gaps, pd.DataFrame(rows))
