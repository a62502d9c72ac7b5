"""The smallest KL(q|p) of maps with a constant Jacobian determinant, on one posterior."""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import constant_jacobian, files
from load_target import load_target

# J of the curve: from a map that squeezes the plane to one that keeps areas.
LOWEST, HIGHEST, COUNT = 0.02, 1.0, 60

target = load_target(snakemake)
exact = files.read_json(snakemake.input.exact)
try:
    levels = constant_jacobian.levels(
        lambda x: target.log_density(torch.from_numpy(x)).numpy(),
        np.array(exact["mean"]),
        np.sqrt(exact["variance"]),
        HIGHEST,
    )
except ValueError as error:  # a posterior of very small noise: the table then has no rows
    print(f"WARNING: no bound on {snakemake.params.target}: {error}")
    jacobian, kl = [], []
else:
    least, _ = constant_jacobian.best(levels, LOWEST, HIGHEST)
    jacobian = np.sort(np.append(np.geomspace(LOWEST, HIGHEST, COUNT), least))
    kl = [constant_jacobian.bound(levels, j) for j in jacobian]
table = pd.DataFrame({"target": snakemake.params.target, "jacobian": jacobian, "kl": kl})
files.write_table(snakemake.output.table, table)
