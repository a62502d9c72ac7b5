"""Figures: each flow of a target block by block, and as it learns. One job draws both."""

from step import snakemake

from types import SimpleNamespace

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.layers import in_plane, plot_layers, plot_learning

params, paths, output = snakemake.params, snakemake.input, snakemake.output
truth = files.read_arrays(paths.touch)["truth_in_plane"]
layers, learning = (
    dict(zip(params.flows, map(files.read_arrays, sources), strict=True))
    for sources in (paths.layers, paths.snapshots)
)
base, _ = in_plane(layers[params.flows[0]], 0)


def own(figure: str) -> SimpleNamespace:
    """The files of one of the two figures."""
    return SimpleNamespace(
        **{kind: output[f"{figure}_{kind}"] for kind in ("png", "svg", "narrow")}
    )


write_figures(own("layers"), plot_layers, layers, params.families, truth)
write_figures(own("learning"), plot_learning, learning, params.families, truth, base)
