"""Figure: ELBO, L_K and exact log p(x) against the epoch, for training and test images."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.vae import plot_bounds

write_figures(snakemake.output, plot_bounds, files.read_table(snakemake.input.bounds))
