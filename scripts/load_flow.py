"""What the steps that use a trained flow begin with: the flow, its quadrature, and its draws."""

from step import progress

from collections.abc import Callable

import numpy as np
import torch
from flowcheck import base_quadrature, files, intact
from flowcheck.flows import make_flow
from flowcheck.flows.base import Flow, Params, sample
from flowcheck.flows.coordinates import unpack
from flowcheck.seeds import generators_for
from torch import Tensor

# Draws are made and scored this many at a time, whatever the number of replicates.
CHUNK = 5000
# Up to this many dimensions what is an integral over the base variable is computed as one.
QUADRATURE_DIM = 2


def load_flow(snakemake, dim: int) -> tuple[Flow, Params]:
    """The trained flow among the step's inputs, all replicates, in double precision."""
    torch.set_num_threads(1)
    params = snakemake.params
    own = {"family": params.flow_family, "sizes": params.sizes, "replicates": params.replicates}
    return read_flow(snakemake.input.model, dim, **own)


def read_flow(
    path: str, dim: int, family: str, sizes: dict, replicates: int
) -> tuple[Flow, Params]:
    """The flow of a weights file, all replicates, in double precision."""
    weights, coordinates = unpack(files.read_weights(path))
    if coordinates is not None:
        own = dict(zip(("loc", "factor"), coordinates, strict=True))
        intact.require_shapes(path, own, {"loc": (dim,), "factor": (dim, dim)})
    flow = make_flow(family, dim, sizes, coordinates)
    one = flow.initial(torch.Generator(), "near_identity")
    shapes = {name: (replicates, *value.shape) for name, value in one.items()}
    intact.require_shapes(path, weights, shapes)
    return flow, {name: value.double() for name, value in weights.items()}


def replicate(weights: Params, r: int) -> Params:
    """The parameters of one replicate, without their leading axis."""
    return {name: value[r] for name, value in weights.items()}


def tabulate(
    flow: Flow,
    one: Params,
    log_p: Callable[[Tensor], Tensor],
    name: str,
    places: Tensor | None = None,
    both: bool = False,
) -> base_quadrature.Nodes:
    """The quadrature of one replicate against the normalised density.

    places, both: see `base_quadrature.tabulate`. Warns of each divergence that is not resolved.
    """
    log_ratio = base_quadrature.log_ratio_of(flow, one, log_p)
    nodes = base_quadrature.tabulate(log_ratio, flow.dim, places, both=both)
    found = base_quadrature.divergences(nodes)
    for what in ("kl", "kl_forward") if both else ("kl",):
        if np.isnan(getattr(found, what).value):
            print(
                f"WARNING: {name}: {what} was not resolved by quadrature over the base variable, "
                f"where {found.mass.value:.9f} of p was found: it stays empty",
                flush=True,
            )
    return nodes


def draw_log_weights(
    snakemake, target, flow: Flow, weights: Params, draws: int, purpose: str
) -> np.ndarray:
    """log p(y, theta) - log q(theta) of fresh draws theta of each replicate: [R, draws] float64.

    The flow is evaluated in single precision, as it was trained, which is 3 to 7 times as fast:
    log q is then off by 5e-7 a draw, and a divergence of 1e-5 by 3e-11.
    """
    params = snakemake.params
    single = {name: value.float() for name, value in weights.items()}
    generators = generators_for(params.replicates, params.seed, params.target, params.flow, purpose)
    parts = []
    for start in progress(range(0, draws, CHUNK), f"{purpose} of {params.flow}"):
        theta, log_q = sample(flow, single, min(CHUNK, draws - start), generators)
        parts.append(target.log_density(theta.double()) - log_q)
    return torch.cat(parts, dim=-1).numpy()
