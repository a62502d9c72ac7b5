"""Figure: the variance of two gradient estimators along training."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck.plots.theory import plot_gradients

write_figures(snakemake.output, plot_gradients, pd.read_csv(snakemake.input.table))
