"""Figure: pairs of the parameters with the largest errors."""

from step import snakemake

from draws_by_name import drawn
from drawing import write_figures
from flowcheck.plots.pairs import plot_pairs

write_figures(snakemake.output, plot_pairs, *drawn(snakemake))
