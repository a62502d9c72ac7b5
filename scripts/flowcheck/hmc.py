"""Hamiltonian Monte Carlo: vectorised chains, leapfrog, rejected states kept.

Neal, "MCMC Using Hamiltonian Dynamics", 2011 (arXiv 1206.1901), section 5.3 for the algorithm.
The step size is adapted by dual averaging (Hoffman & Gelman, "The No-U-Turn Sampler", 2014, section
3.2) during warm-up only.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from flowcheck.metric import identity
from flowcheck.noise import Noise, stream
from flowcheck.trajectories import State, Trajectory, compiled, leapfrog, pays

# A trajectory whose energy error exceeds this many nats has left the level set: Stan's limit.
DIVERGENT_ENERGY = 1000.0
# Hoffman & Gelman's gamma, t0 and kappa.
GAMMA, T0, KAPPA = 0.05, 10.0, 0.75


@dataclass(frozen=True)
class Settings:
    """draws and warmup_draws count per chain; jitter j scales each step size by U(1 - j, 1 + j)."""

    draws: int
    warmup_draws: int
    leapfrog_steps: int
    step_size: float
    jitter: float
    target_acceptance: float | None  # None: the step size stays as given


class Chains(NamedTuple):
    """What was kept: theta [C, N, dim], then four [C, N], and how it was reached.

    energy is the Hamiltonian of each state with the momentum it was reached by, lp the log density.
    The step size is the one after adaptation; leapfrog_steps is the mean over the draws kept;
    gradients counts those of all chains, warm-up included. Lengths are in the metric's coordinates,
    theta = A z, of which `metric` is the factor A, its diagonal [dim] or lower triangular
    [dim, dim].
    """

    theta: Tensor
    lp: Tensor
    energy: Tensor
    acceptance_rate: Tensor
    diverging: Tensor
    step_size: float
    leapfrog_steps: float
    trajectory_length: float
    gradients: int
    metric: Tensor


class Info(NamedTuple):
    """One transition of C chains: lp, energy, acceptance probability, divergent; each [C]."""

    lp: Tensor
    energy: Tensor
    acceptance_rate: Tensor
    diverging: Tensor


def autograd_gradient(log_density: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The gradient of a batched log density [C, dim] -> [C], for a target that gives none."""

    def gradient(theta: Tensor) -> Tensor:
        theta = theta.detach().requires_grad_()
        return torch.autograd.grad(log_density(theta).sum(), theta)[0]

    return gradient


class DualAveraging:
    """Step sizes moved until the acceptance is as asked; each entry of step_size by itself.

    reach: the first steps are pulled towards this many times the step size given.
    """

    def __init__(self, step_size: Tensor, reach: float = 10.0):
        self.centre = (reach * step_size).log()
        self.error, self.log_mean = torch.zeros_like(step_size), step_size.log()
        self.count = 0

    def update(self, missing: Tensor) -> Tensor:
        """The step sizes to try next; missing: the target less the acceptance just seen."""
        self.count += 1
        self.error = torch.lerp(self.error, missing, 1 / (self.count + T0))
        log_step = self.centre - math.sqrt(self.count) / GAMMA * self.error
        self.log_mean = torch.lerp(self.log_mean, log_step, self.count**-KAPPA)
        return log_step.exp()


class Adaptation:
    """Step sizes [C] by dual averaging over the warm-up.

    In the first half each chain finds its own, so that one that starts far out, where the density
    is steeper, is not left there rejecting every move; in the second half all share one.
    """

    def __init__(self, step_size: Tensor, target: float, transitions: int):
        self.target, self.half = target, transitions // 2
        self.averaging = DualAveraging(step_size)

    def update(self, acceptance: Tensor, transition: int) -> Tensor:
        """The step sizes to try next, given a transition's acceptance probabilities [C]."""
        if transition == self.half:
            shared = self.averaging.log_mean.median().exp()
            self.averaging = DualAveraging(shared.expand_as(acceptance))
        if transition >= self.half:
            acceptance = acceptance.mean().expand_as(acceptance)
        return self.averaging.update(self.target - acceptance)

    def settled(self) -> float:
        """The step size to keep for all chains: a weighted mean of those tried, in log."""
        return float(self.averaging.log_mean.mean().exp())


def sample(
    log_density: Callable[[Tensor], Tensor],
    gradient: Callable[[Tensor], Tensor],
    init: Tensor,
    settings: Settings,
    generator: Generator,
    progress: Callable[[Iterable], Iterable] = iter,
    report: Callable[[str], None] = print,
    trajectory: Trajectory | None = None,
) -> Chains:
    """Run C chains from `init` [C, dim], at that tensor's precision and on its device.

    log_density [C, dim] -> [C] may lack its normaliser; gradient [C, dim] -> [C, dim].
    `progress` wraps the iterable of transitions, to draw a bar. A run so long that it pays is
    compiled; `report` is told if that fails. `trajectory`: `eager(...)`, or one that was compiled
    for an earlier run of as many chains; then nothing is compiled here.

    Raises ValueError if the log density is not finite at the start of a chain.
    """
    lp = log_density(init)
    if not bool(lp.isfinite().all()):
        raise ValueError("a chain starts where the log density is not finite")
    state, kept = State(init, lp, gradient(init)), []
    steps, transitions = settings.leapfrog_steps, settings.warmup_draws + settings.draws
    if trajectory is None and pays(steps * transitions, written_out=True):
        both = lambda theta: (log_density(theta), gradient(theta))  # noqa: E731
        trajectory = compiled(both, state, identity(init), report)
    trajectory = trajectory or eager(log_density, gradient)
    step_size = init.new_full((len(init),), settings.step_size, dtype=torch.float64)
    adaptation = None
    if settings.target_acceptance is not None and settings.warmup_draws > 0:
        adaptation = Adaptation(step_size, settings.target_acceptance, settings.warmup_draws)
    noise = stream(transitions, init, generator, jitter=True)
    for transition in progress(range(transitions)):
        drawn = next(noise)
        step = step_size.to(init).unsqueeze(-1) * (1 + settings.jitter * (2 * drawn.jitter - 1))
        state, info = _transition(trajectory, state, step, steps, drawn)
        if transition >= settings.warmup_draws:
            kept.append((state.theta, info))
        elif adaptation is not None:
            step_size = adaptation.update(info.acceptance_rate.double(), transition)
            if transition == settings.warmup_draws - 1:
                step_size = step_size.new_full(step_size.shape, adaptation.settled())
    states, infos = zip(*kept, strict=True)
    columns = (torch.stack(column, dim=1) for column in zip(*infos, strict=True))
    return Chains(
        torch.stack(states, dim=1),
        *columns,
        step_size=float(step_size[0]),
        leapfrog_steps=float(steps),
        trajectory_length=steps * float(step_size[0]),
        gradients=len(init) * (1 + steps * transitions),
        metric=init.new_ones(init.shape[-1]),
    )


def eager(log_density: Callable, gradient: Callable) -> Trajectory:
    """Trajectories in theta's own coordinates; the log density is computed at their ends alone."""

    def trajectory(state, momentum, step, steps, metric):
        theta, momentum, grad = leapfrog(
            gradient, state.theta, momentum, state.gradient, step, steps
        )
        return State(theta, log_density(theta), grad), momentum

    return trajectory


def _transition(
    trajectory: Trajectory, state: State, step: Tensor, steps: int, noise: Noise
) -> tuple[State, Info]:
    """One Metropolis-corrected trajectory of each chain; a rejected chain stays where it was."""
    theta, momentum = state.theta, noise.momentum
    before = 0.5 * momentum.square().sum(-1) - state.lp
    end, last_momentum = trajectory(state, momentum, step, steps, identity(theta))
    after = 0.5 * last_momentum.square().sum(-1) - end.lp
    # A trajectory that overflowed has no energy: it is rejected, and counted as divergent.
    error = torch.nan_to_num(after - before, nan=math.inf)
    accepted = noise.log_uniform < -error
    info = Info(
        lp=torch.where(accepted, end.lp, state.lp),
        energy=torch.where(accepted, after, before),
        acceptance_rate=(-error).clamp(max=0).exp(),
        diverging=error > DIVERGENT_ENERGY,
    )
    chosen = accepted.unsqueeze(-1)
    theta = torch.where(chosen, end.theta, state.theta)
    return State(theta, info.lp, torch.where(chosen, end.gradient, state.gradient)), info
