"""Figure: the distance of every approximation from its posterior, for the report's first screen."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.overview import plot_overview
from flowcheck.report.brief import kl_bands

params = snakemake.params
tables = dict(zip(params.targets, map(files.read_table, snakemake.input.tables), strict=True))
write_figures(snakemake.output, plot_overview, tables, params.families, kl_bands())
