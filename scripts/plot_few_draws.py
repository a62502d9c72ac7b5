"""Figure: a few draws of each flow beside the problem set's Hamiltonian Monte Carlo run."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.scatter import plot_few_draws

params = snakemake.params
hmc = files.read_chains(snakemake.input.chains)["posterior"]["theta"].values
hmc = hmc.reshape(-1, hmc.shape[-1])[: params.draws]
flows = {
    flow: files.read_arrays(path)["theta"][0, : params.draws]
    for flow, path in zip(params.flows, snakemake.input.draws, strict=True)
}
write_figures(snakemake.output, plot_few_draws, hmc, flows, params.families)
