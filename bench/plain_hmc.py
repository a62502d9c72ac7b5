"""Hamiltonian Monte Carlo as the problem set has it: one chain, one leapfrog step after another."""

import numpy as np

from bench import problem
from bench.chains import Chains


class Chain(Chains):
    """The gradient is written out, and sums over the 100 observations each time."""

    def __init__(self, chains: int, draws: int):
        if chains != 1:
            raise ValueError("the plain loop runs one chain")
        super().__init__(chains, draws)
        self.rng = np.random.default_rng(0)
        self.theta = self.start()[0]
        self.y, self.sigma_y = problem.observations(), problem.target().sigma_y

    def log_density(self, theta):
        """log p(y, theta) up to a constant."""
        residual = self.y - theta[0] - theta[1] ** 2
        return -0.5 * np.sum(residual**2) / self.sigma_y**2 - 0.5 * np.sum(theta**2)

    def gradient(self, theta):
        """Its gradient."""
        pull = np.sum(self.y - theta[0] - theta[1] ** 2) / self.sigma_y**2
        return np.array([pull - theta[0], 2 * theta[1] * pull - theta[1]])

    def draw(self):
        """One transition."""
        momentum = self.rng.standard_normal(problem.DIM)
        before = -self.log_density(self.theta) + 0.5 * np.sum(momentum**2)
        theta = self.theta.copy()
        momentum = momentum + 0.5 * self.step_size * self.gradient(theta)
        for step in range(self.leapfrog_steps):
            theta = theta + self.step_size * momentum
            if step < self.leapfrog_steps - 1:
                momentum = momentum + self.step_size * self.gradient(theta)
        momentum = momentum + 0.5 * self.step_size * self.gradient(theta)
        after = -self.log_density(theta) + 0.5 * np.sum(momentum**2)
        if np.log(self.rng.uniform()) < before - after:
            self.theta = theta

    def run(self, count: int) -> None:
        """`count` transitions."""
        kept = np.empty((1, count, problem.DIM))
        for number in range(count):
            self.draw()
            kept[0, number] = self.theta
        self.kept = kept


def build(chains: int, draws: int) -> Chain:
    """See contender.Runner."""
    return Chain(chains, draws)
