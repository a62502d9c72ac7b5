"""Figure: ELBO, L_K and exact log p(x) against the epoch, train beside test."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.vae import plot_bounds

files.write_figure(snakemake.output, plot_bounds(pd.read_csv(snakemake.input.bounds)))
