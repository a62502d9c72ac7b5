"""Figure: the table of divergences, with the neighbour estimator's floor if there is one."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.divergences import plot_divergences
from flowcheck.plots.overview import plot_overview

params = snakemake.params
table, floor = pd.read_csv(snakemake.input.table), pd.read_csv(snakemake.input.floor)
if (floor["pair"] == "exact-exact").any():
    least = None
    if bounds := snakemake.input.get("jacobian"):
        known = pd.read_csv(bounds)["kl"]
        least = None if known.empty else known.min()
    figure = plot_divergences(table, floor, params.families, least)
else:
    figure = plot_overview({params.target: table}, params.families, [])
files.write_figure(snakemake.output, figure)
