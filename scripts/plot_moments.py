"""Figure: errors of means and standard deviations, parameter by parameter."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.moments import plot_moments

moments = files.read_table(snakemake.input.moments)
write_figures(snakemake.output, plot_moments, moments, snakemake.params.families)
