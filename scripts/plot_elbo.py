"""Figure: ELBO against iteration."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.elbo import plot_elbo

params = snakemake.params
histories = dict(zip(params.flows, map(files.read_table, snakemake.input.histories), strict=True))
truth = files.read_json(snakemake.input.truth)
evidence = truth["log_evidence"], truth["log_evidence_se"] or 0.0
write_figures(snakemake.output, plot_elbo, histories, params.families, *evidence)
