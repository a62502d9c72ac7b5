"""Figure: each flow of a target block by block."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.layers import plot_layers

params, paths = snakemake.params, snakemake.input
truth = files.read_arrays(paths.touch)["truth_in_plane"]
layers = dict(zip(params.flows, map(files.read_arrays, paths.layers), strict=True))
write_figures(snakemake.output, plot_layers, layers, params.families, truth)
