"""Figure: the table of divergences, with the nearest-neighbour estimator's floor."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.divergences import plot_divergences

table, floor = pd.read_csv(snakemake.input.table), pd.read_csv(snakemake.input.floor)
files.write_figure(snakemake.output, plot_divergences(table, floor, snakemake.params.families))
