"""The length of the trajectories of many chains, learnt during their warm-up.

ChEES: Hoffman, Radul & Sountsov, "An Adaptive-MCMC Scheme for Setting Trajectory Lengths in
Hamiltonian Monte Carlo", 2021: stochastic gradient ascent on the expected change of the squared
distance from the centre, estimated across chains. Lengths are jittered by a quasi-random sequence,
because a fixed one can resonate with a period of the motion.
"""

import math

import torch
from torch import Tensor

# Adam's step in the log length, and its memory of squared gradients.
RATE, MEMORY = 0.025, 0.95
# Below any sum of acceptances, and any gradient, that counts: nothing is divided by zero.
LEAST_ACCEPTANCE, LEAST_GRADIENT = 1e-20, 1e-30


def halton(index: int) -> float:
    """The index-th element of the base-2 van der Corput sequence, in (0, 1); index from 1."""
    value, digit = 0.0, 0.5
    while index:
        value += digit * (index & 1)
        index, digit = index >> 1, digit / 2
    return value


class TrajectoryLength:
    """The longest trajectory, in the metric's coordinates; each one takes a random share of it."""

    def __init__(self, length: float):
        self.log_length = math.log(length)
        self._squares, self._count = 0.0, 0

    @property
    def length(self) -> float:
        """The longest trajectory."""
        return math.exp(self.log_length)

    def share(self, transition: int) -> float:
        """The length of one transition, counted from 0."""
        return halton(transition + 1) * self.length

    def raise_to(self, length: float) -> None:
        """Never shorter than `length`."""
        self.log_length = max(self.log_length, math.log(length))

    def update(
        self, before: Tensor, after: Tensor, momentum: Tensor, acceptance: Tensor, taken: float
    ) -> None:
        """Learn from one transition of length `taken`.

        before, after (as proposed), momentum (at the end): [C, dim] in the metric's coordinates;
        acceptance: [C], 0 for a proposal that is not finite. The gradient is of equation 8.
        """
        usable = acceptance > 0
        after = torch.where(usable.unsqueeze(-1), after, before)
        weights = acceptance / acceptance.sum().clamp(min=LEAST_ACCEPTANCE)
        start, end = before - before.mean(0), after - weights @ after
        change = end.square().sum(-1) - start.square().sum(-1)
        momentum = torch.where(usable.unsqueeze(-1), momentum, torch.zeros_like(momentum))
        each = taken * change * (end * momentum).sum(-1)
        gradient = float((weights * each).sum())
        if not math.isfinite(gradient):
            return
        self._count += 1
        self._squares = MEMORY * self._squares + (1 - MEMORY) * gradient**2
        scale = math.sqrt(self._squares / (1 - MEMORY**self._count))
        self.log_length += RATE * gradient / (scale + LEAST_GRADIENT)

    def hold_within(self, shortest: float, longest: float) -> None:
        """Keep the longest trajectory between two lengths."""
        self.log_length = min(max(self.log_length, math.log(shortest)), math.log(longest))
