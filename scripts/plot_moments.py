"""Figure: errors of means and standard deviations, parameter by parameter."""

from step import snakemake

from briefs import read_moments
from drawing import write_figures
from flowcheck.plots.moments import plot_moments

moments = read_moments(snakemake.input.moments)
write_figures(snakemake.output, plot_moments, moments, snakemake.params.families)
