"""What the steps that use a trained flow begin with: the flow, and many draws of it, scored."""

from step import progress

import numpy as np
import torch
from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.flows.base import Flow, Params, sample
from flowcheck.flows.coordinates import unpack
from flowcheck.seeds import generators_for

# Draws are made and scored this many at a time: small enough for the processor's cache.
CHUNK = 5000


def load_flow(snakemake, dim: int) -> tuple[Flow, Params]:
    """The trained flow among the step's inputs, all replicates, in double precision."""
    torch.set_num_threads(1)
    params = snakemake.params
    weights, coordinates = unpack(files.read_weights(snakemake.input.model))
    flow = make_flow(params.flow_family, dim, params.sizes, coordinates)
    return flow, {name: value.double() for name, value in weights.items()}


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
