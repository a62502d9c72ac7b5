"""flowcheck's vectorised Hamiltonian Monte Carlo, by either gradient, in float64 as it is used."""

import torch

from bench import problem
from bench.chains import Chains
from flowcheck import hmc


class Ours(Chains):
    """C chains as one tensor."""

    def __init__(self, chains: int, draws: int, gradient: str):
        super().__init__(chains, draws)
        target = problem.target()
        self.log_density = target.log_density
        autograd = hmc.autograd_gradient(target.log_density)
        self.gradient = target.gradient if gradient == "analytic" else autograd
        self.theta = torch.from_numpy(self.start())
        self.generator = torch.Generator().manual_seed(0)

    def run(self, count: int) -> None:
        """`count` transitions of every chain."""
        settings = hmc.Settings(count, 0, self.leapfrog_steps, self.step_size, 0.0, None)
        found = hmc.sample(self.log_density, self.gradient, self.theta, settings, self.generator)
        self.theta, self.kept = found.theta[:, -1], found.theta.numpy()


def build(chains: int, draws: int, gradient: str) -> Ours:
    """See contender.Runner."""
    return Ours(chains, draws, gradient)
