"""Tables of one kind in one: each output holds the rows of the inputs of its name."""

from step import snakemake

import pandas as pd
from flowcheck import files

for kind, path in snakemake.output.items():
    tables = [files.read_table(table) for table in snakemake.input[kind]]
    files.write_table(path, pd.concat(tables, ignore_index=True))
