"""Figure: the table of divergences, with the neighbour estimator's floor if there is one."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck.plots.divergences import plot_divergences
from flowcheck.plots.overview import plot_overview
from flowcheck.report.brief import kl_bands

params = snakemake.params
table, floor = pd.read_csv(snakemake.input.table), pd.read_csv(snakemake.input.floor)
if (floor["pair"] == "exact-exact").any():
    least = None
    if bounds := snakemake.input.get("jacobian"):
        known = pd.read_csv(bounds)["kl"]
        least = None if known.empty else known.min()
    write_figures(snakemake.output, plot_divergences, table, floor, params.families, least)
else:
    tables = {params.target: table}
    write_figures(snakemake.output, plot_overview, tables, params.families, kl_bands())
