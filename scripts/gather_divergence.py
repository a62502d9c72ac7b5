"""One table of all flows' divergences from one target."""

from step import snakemake

import pandas as pd
from flowcheck import files

tables = [pd.read_csv(path) for path in snakemake.input.tables]
files.write_table(snakemake.output.table, pd.concat(tables, ignore_index=True))
