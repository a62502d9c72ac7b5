"""What the steps that use a trained flow begin with."""

import torch
from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.flows.base import Flow, Params


def load_flow(snakemake, dim: int) -> tuple[Flow, Params]:
    """The trained flow among the step's inputs, all replicates, in double precision."""
    torch.set_num_threads(1)
    params = snakemake.params
    weights = files.read_weights(snakemake.input.model)
    flow = make_flow(params.flow_family, dim, params.sizes)
    return flow, {name: value.double() for name, value in weights.items()}
