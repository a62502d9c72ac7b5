"""Figure: the variance of two gradient estimators along training."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.theory import plot_gradients

write_figures(snakemake.output, plot_gradients, files.read_table(snakemake.input.table))
