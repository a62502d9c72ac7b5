"""nflows: its coupling transforms, run in the direction that samples."""

import torch
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.nn.nets import MLP
from nflows.transforms import (
    ActNorm,
    AdditiveCouplingTransform,
    AffineCouplingTransform,
    CompositeTransform,
    InverseTransform,
)

from bench import problem
from bench.peers.torch_loop import Loop, from_sampler

MASKS = ([0, 1], [1, 0])  # what a half coupling changes
COUPLINGS = {"nice": AdditiveCouplingTransform, "realnvp": AffineCouplingTransform}


class Network(MLP):
    """The library's couplings pass a context, which its perceptron does not take."""

    def forward(self, inputs, context=None):
        return super().forward(inputs)


def network(n_in: int, n_out: int) -> Network:
    """Scale and shift are two outputs of one network."""
    return Network([n_in], [n_out], list(problem.HIDDEN))


def scaling() -> ActNorm:
    """A learned scale and shift of each coordinate, without the start from data."""
    layer = ActNorm(problem.DIM)
    layer.initialized.fill_(True)
    return layer


def build(flow: str) -> Loop:
    """See contender.Runner."""
    torch.manual_seed(0)
    layers = []
    for _ in range(problem.BLOCKS):
        # Inverted, so that draws are multiplied by the scale: being below 1, it must narrow them.
        layers += [InverseTransform(COUPLINGS[flow](mask, network)) for mask in MASKS]
        if flow == "nice":
            layers.append(scaling())
    model = Flow(CompositeTransform(layers), StandardNormal([problem.DIM]))
    return from_sampler(model.parameters(), model.sample_and_log_prob)
