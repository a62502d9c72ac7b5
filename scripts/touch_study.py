"""What readers can explore of a target in the report, from its results."""

import pandas as pd
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
    # The inputs of all targets with flows lie in one list, in the order of params.flows.
    before = list(params.flows)[: list(params.flows).index(target)]
    start = sum(len(params.flows[other]) for other in before)
    own = {
        kind: dict(zip(flows, paths[kind][start : start + len(flows)], strict=True))
        for kind in ("layers", "snapshots", "histories")
    }
    layers, snapshots = (
        {flow: files.read_arrays(path) for flow, path in own[kind].items()}
        for kind in ("layers", "snapshots")
    )
    shown = files.read_arrays(paths.touch[sum(bool(params.flows[other]) for other in before)])
    truth, base = shown["truth_in_plane"], in_plane(layers[flows[0]], 0)[0]
    histories = {flow: pd.read_csv(path) for flow, path in own["histories"].items()}
    bases = sorted({params.coordinates[target][flow] for flow in flows})
    return {
        "layers": touch.sliders(layers, families, truth, base),
        "learning": touch.sliders(snapshots, families, truth, base),
        "base": BASES[bases[0]] if len(bases) == 1 else "",
        "draws": touch.draws(shown, families),
        "elbo": touch.elbo(
            histories, families, files.read_json(paths.truth[len(before)])["log_evidence"]
        ),
    }


def touch_of_vae(paths: dict) -> dict:
    """The chart of one autoencoder's latent plane, and the images it shows."""
    arrays = {kind: files.read_arrays(path) for kind, path in paths.items()}
    chart, sheets = touch.latent(**arrays)
    return {"chart": chart, "sheets": sheets}
