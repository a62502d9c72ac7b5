"""normflows: its own layers, its own reverse Kullback-Leibler objective."""

import normflows as nf
import torch

from bench import problem
from bench.peers.torch_loop import Loop

MASKS = ([1.0, 0.0], [0.0, 1.0])  # what a half coupling leaves alone


def network():
    """A masked coupling's networks see both coordinates, one of them zeroed."""
    return nf.nets.MLP([problem.DIM, *problem.HIDDEN, problem.DIM])


def make_layers(flow: str) -> list:
    """As plain_loop's, with the library's own initial values."""
    if flow == "planar":
        return [nf.flows.Planar((problem.DIM,)) for _ in range(problem.LAYERS)]
    layers = []
    for _ in range(problem.BLOCKS):
        for mask in MASKS:
            scale = network() if flow == "realnvp" else None
            layers.append(nf.flows.MaskedAffineFlow(torch.tensor(mask), network(), scale))
        if flow == "nice":
            layers.append(nf.flows.AffineConstFlow((problem.DIM,), shift=False))
    return layers


class Posterior:
    """The target in the form the library asks for."""

    log_prob = staticmethod(problem.target().log_density)


def build(flow: str) -> Loop:
    """See contender.Runner."""
    torch.manual_seed(0)
    base = nf.distributions.DiagGaussian(problem.DIM, trainable=False)
    model = nf.NormalizingFlow(base, make_layers(flow), Posterior())
    loop = Loop(model.parameters(), lambda: model.reverse_kld(problem.SAMPLES), model.sample)
    loop.model = model
    return loop
