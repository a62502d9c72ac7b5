"""Figure: pairs of the parameters that are approximated worst."""

from step import snakemake

from draws_by_name import drawn
from flowcheck import files
from flowcheck.plots.pairs import plot_pairs

files.write_figure(snakemake.output, plot_pairs(*drawn(snakemake)))
