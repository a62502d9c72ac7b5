"""Figure: the table of divergences, with the neighbour estimator's floor if there is one."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.divergences import plot_divergences
from flowcheck.plots.overview import plot_overview
from flowcheck.report.brief import kl_bands

params = snakemake.params
table, floor = files.read_table(snakemake.input.table), files.read_table(snakemake.input.floor)
if (floor["pair"] == "exact-exact").any():
    least = None
    if bounds := snakemake.input.get("jacobian"):
        known = files.read_table(bounds)["kl"]
        least = None if known.empty else known.min()
    write_figures(snakemake.output, plot_divergences, table, floor, params.families, least)
else:
    tables = {params.target: table}
    write_figures(snakemake.output, plot_overview, tables, params.families, kl_bands())
