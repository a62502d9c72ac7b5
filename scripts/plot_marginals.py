"""Figure: the marginal densities of the parameters that are approximated worst."""

from step import snakemake

from draws_by_name import drawn
from flowcheck import files
from flowcheck.plots.marginals import plot_marginals

files.write_figure(snakemake.output, plot_marginals(*drawn(snakemake)))
