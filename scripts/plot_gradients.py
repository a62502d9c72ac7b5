"""Figure: the variance of two gradient estimators along training."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.theory import plot_gradients

files.write_figure(snakemake.output, plot_gradients(pd.read_csv(snakemake.input.table)))
