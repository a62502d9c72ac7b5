"""The multi-sample bounds of all flows and targets in one table, and their gaps in another."""

from step import snakemake

import pandas as pd
from flowcheck import files

for kind in ("bounds", "gaps"):
    tables = [pd.read_csv(path) for path in snakemake.input[kind]]
    files.write_table(snakemake.output[kind], pd.concat(tables, ignore_index=True))
