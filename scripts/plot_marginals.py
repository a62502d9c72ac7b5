"""Figure: the marginal densities of the parameters with the largest errors."""

from step import snakemake

from draws_by_name import drawn
from drawing import write_figures
from flowcheck.plots.marginals import plot_marginals

write_figures(snakemake.output, plot_marginals, *drawn(snakemake))
