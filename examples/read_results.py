"""Read the results of a study: every table, every verdict and the chains.

python examples/read_results.py results
"""

import json
import sys
from pathlib import Path

import pandas as pd

from flowcheck import files

results = Path(sys.argv[1])

# Tables are tidy CSV: one header line, an empty cell where a number cannot be known.
tables = {path: pd.read_csv(path) for path in sorted(results.rglob("*.csv"))}
for path, table in tables.items():
    print(f"{path.relative_to(results)}: {len(table)} rows of {', '.join(table.columns)}")

# How far the best replicate of each flow is from the posterior.
for path in sorted(results.glob("*/divergence.csv")):
    best = tables[path].groupby("flow").agg({"elbo": "max", "kl": "min"})
    print(f"\n{path.parent.name}\n{best}")

# Chains are ArviZ netCDF, whether or not they passed the verdict beside them.
for path in sorted(results.glob("*/hmc/*.nc")):
    chains = files.read_chains(path)
    theta, lp = chains["posterior"].to_dataset(), chains["sample_stats"]["lp"]
    print(f"\n{path.relative_to(results)}: {dict(theta.sizes)}, mean log density {lp.mean():.2f}")
    for name, values in theta.data_vars.items():
        print(f"  mean of {name}: {values.mean(dim=('chain', 'draw')).values}")

for path in sorted(results.glob("*/hmc/long.json")):
    verdict = json.loads(path.read_text(encoding="utf-8"))
    failed = [name for name, check in verdict["checks"].items() if not check["passed"]]
    print(f"\n{path.relative_to(results)}: {'passed' if verdict['passed'] else failed}")
