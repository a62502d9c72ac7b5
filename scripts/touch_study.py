"""What readers can explore of a target in the report, from its results."""

from flowcheck import files
from flowcheck.plots.layers import in_plane
from flowcheck.report import touch

# What the first frame of a flow's sliders is, by the coordinates in which it was trained.
BASES = {
    "none": "The base is the standard normal density.",
    "gaussian": "The base is the Gaussian that was fitted first, whose coordinates the flows have.",
}


def touch_of(snakemake, target: str) -> dict | None:
    """Sliders and charts of one target, or None if it has no flows."""
    params, paths = snakemake.params, snakemake.input
    # Colours are the study's, as in its figures.
    families = {name: one for own in params.families.values() for name, one in own.items()}
    flows = params.flows[target]
    if not flows:
        return None
    # The inputs of all targets lie in one list, in the order of params.flows.
    of_each = [(other, flow) for other, own in params.flows.items() for flow in own]

    def read(kind: str, reader) -> dict:
        pairs = zip(of_each, paths[kind], strict=True)
        return {flow: reader(path) for (other, flow), path in pairs if other == target}

    layers, snapshots = (read(kind, files.read_arrays) for kind in ("layers", "snapshots"))
    histories = read("histories", files.read_table)
    with_flows = [other for other, own in params.flows.items() if own]
    shown = files.read_arrays(paths.touch[with_flows.index(target)])
    truth, base = shown["truth_in_plane"], in_plane(layers[flows[0]], 0)[0]
    evidence = files.read_json(paths.truth[list(params.flows).index(target)])["log_evidence"]
    bases = sorted({params.coordinates[target][flow] for flow in flows})
    return {
        "layers": touch.sliders(layers, families, truth, base),
        "learning": touch.sliders(snapshots, families, truth, base),
        "base": BASES[bases[0]] if len(bases) == 1 else "",
        "draws": touch.draws(shown, families),
        "elbo": touch.elbo(histories, families, evidence),
    }


def touch_of_vae(paths: dict) -> dict:
    """The chart of one autoencoder's latent plane, and the images it shows."""
    arrays = {kind: files.read_arrays(path) for kind, path in paths.items()}
    chart, sheets = touch.latent(**arrays)
    return {"chart": chart, "sheets": sheets}
