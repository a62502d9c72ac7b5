"""Figure: ground truth and every flow, with the exact divergences in the titles."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.scatter import plot_many_draws

params = snakemake.params
exact = files.read_arrays(snakemake.input.exact_draws)["theta"][: params.draws]
table = files.read_table(snakemake.input.table)
first = table[table["replicate"] == 0].set_index("flow")
divergences = {flow: (first.loc[flow, "kl"], first.loc[flow, "kl_se"]) for flow in params.flows}
flows = {
    flow: files.read_arrays(path)["theta"][0, : params.draws]
    for flow, path in zip(params.flows, snakemake.input.draws, strict=True)
}
flows = {flow: draws for flow, draws in flows.items() if len(draws)}  # none of one refused
write_figures(snakemake.output, plot_many_draws, exact, flows, params.families, divergences)
