"""Figure: ELBO, L_K and exact log p(x) against the epoch, train beside test."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck.plots.vae import plot_bounds

write_figures(snakemake.output, plot_bounds, pd.read_csv(snakemake.input.bounds))
