"""Figure: the trace of the long run's worst coordinate."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.named_draws import scalars
from flowcheck.plots.traces import plot_traces

draws = scalars(files.read_chains(snakemake.input.chains)["posterior"])
passed = files.read_json(snakemake.input.verdict)["passed"]
write_figures(snakemake.output, plot_traces, draws, passed)
