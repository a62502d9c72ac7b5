"""Pyro: its transforms as a guide, trained by its stochastic variational inference."""

import itertools

import pyro
import pyro.distributions as dist
import torch
from pyro.distributions import transforms
from pyro.infer import SVI, Trace_ELBO

from bench import problem

NUMBERS = itertools.count()


def make_layers(flow: str) -> list:
    """Couplings change the second half, so a permutation follows each."""
    if flow == "planar":
        return [transforms.planar(problem.DIM) for _ in range(problem.LAYERS)]
    layers = []
    for _ in range(2 * problem.BLOCKS):
        layers.append(transforms.affine_coupling(problem.DIM, list(problem.HIDDEN)))
        layers.append(transforms.Permute(torch.tensor([1, 0])))
    return layers


class Inference:
    """One `svi.step` is one iteration; the batch is the plate of particles it vectorises."""

    def __init__(self, flow: str):
        pyro.set_rng_seed(0)
        self.layers = make_layers(flow)
        modules = [layer for layer in self.layers if isinstance(layer, torch.nn.Module)]
        self.modules = torch.nn.ModuleList(modules)
        # Parameters live in one global store: each model's have a name of their own.
        self.name = f"{flow} {next(NUMBERS)}"
        base = dist.Normal(torch.zeros(problem.DIM), torch.ones(problem.DIM)).to_event(1)
        self.flow = dist.TransformedDistribution(base, self.layers)
        elbo = Trace_ELBO(problem.SAMPLES, vectorize_particles=True)
        optimiser = pyro.optim.Adam({"lr": problem.LEARNING_RATE})
        self.svi = SVI(self.model, self.guide, optimiser, elbo)

    def model(self):
        """theta with a flat factor for its prior, so that the factor below is the whole density."""
        prior = dist.Normal(torch.zeros(problem.DIM), torch.ones(problem.DIM)).to_event(1)
        theta = pyro.sample("theta", prior.mask(False))
        pyro.factor("posterior", problem.target().log_density(theta))

    def guide(self):
        """theta from the flow."""
        pyro.module(self.name, self.modules)
        pyro.sample("theta", self.flow)

    def run(self, count: int) -> None:
        """`count` iterations."""
        for _ in range(count):
            self.svi.step()

    @torch.no_grad()
    def draws(self, count: int):
        """x [count, 2] and log q [count], for a test."""
        x = self.flow.rsample([count])
        return x, self.flow.log_prob(x)


def build(flow: str) -> Inference:
    """See contender.Runner."""
    return Inference(flow)
