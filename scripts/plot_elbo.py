"""Figure: ELBO against iteration."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.elbo import plot_elbo

params = snakemake.params
histories = dict(zip(params.flows, map(pd.read_csv, snakemake.input.histories), strict=True))
log_evidence = files.read_json(snakemake.input.exact)["log_evidence"]
files.write_figure(snakemake.output, plot_elbo(histories, params.families, log_evidence))
