"""Figure: each flow of a target as it learns."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.layers import in_plane, plot_learning

params, paths = snakemake.params, snakemake.input
truth = files.read_arrays(paths.touch)["truth_in_plane"]
base, _ = in_plane(files.read_arrays(paths.layers[0]), 0)
learning = dict(zip(params.flows, map(files.read_arrays, paths.snapshots), strict=True))
write_figures(snakemake.output, plot_learning, learning, params.families, truth, base)
