"""Figure: a few draws of each flow and of the short HMC run, next to the long HMC run."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.beside_long import plot_beside_long

params, paths = snakemake.params, snakemake.input


def draws_of(chains: str):
    """All draws of a chain file, [n, dim], one chain after the other."""
    theta = files.read_chains(chains)["posterior"]["theta"].values
    return theta.reshape(-1, theta.shape[-1])


long = draws_of(paths.long)
flows = {
    flow: files.read_arrays(path)["theta"][0, : params.draws]
    for flow, path in zip(params.flows, paths.draws, strict=True)
}
flows = {flow: draws for flow, draws in flows.items() if len(draws)}  # none of one refused
write_figures(
    snakemake.output,
    plot_beside_long,
    draws_of(paths.chains)[: params.draws],
    flows,
    long[:: max(1, len(long) // params.long_draws)],
    params.families,
)
