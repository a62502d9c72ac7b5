"""Figure: exact log p(x) against the epoch, one curve for each autoencoder of an image set."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck import files
from flowcheck.plots.vae import plot_comparison

tables = [
    files.read_table(path).assign(vae=vae)
    for vae, path in zip(snakemake.params.vaes, snakemake.input.bounds, strict=True)
]
write_figures(snakemake.output, plot_comparison, pd.concat(tables))
