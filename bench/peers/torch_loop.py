"""What the PyTorch libraries share: a step of Adam on the negative ELBO they compute."""

from collections.abc import Callable, Iterable

import torch

from bench import problem


class Loop:
    """loss: () -> the negative ELBO from one batch; draw: count -> (x, log q), for a test."""

    def __init__(self, parameters: Iterable, loss: Callable, draw: Callable):
        self.optimiser = torch.optim.Adam(parameters, lr=problem.LEARNING_RATE)
        self.loss, self.draw = loss, draw

    def run(self, count: int) -> None:
        """`count` iterations."""
        for _ in range(count):
            self.optimiser.zero_grad()
            self.loss().backward()
            self.optimiser.step()

    @torch.no_grad()
    def draws(self, count: int):
        """x [count, 2] and log q [count]."""
        return self.draw(count)


def from_sampler(parameters: Iterable, sampler: Callable) -> Loop:
    """A loop for a library whose `sampler` gives reparameterised draws with their log density."""
    log_density = problem.target().log_density

    def loss():
        x, log_q = sampler(problem.SAMPLES)
        return (log_q - log_density(x)).mean()

    return Loop(parameters, loss, sampler)
