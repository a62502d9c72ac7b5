"""Many-chain Hamiltonian Monte Carlo that tunes itself during warm-up, then freezes everything.

The chains learn together: step size by dual averaging (Hoffman & Gelman, "The No-U-Turn Sampler",
2014, section 3.2), metric (see `metric`), trajectory length (see `trajectory_length`). First each
chain has a step size of its own, with short trajectories, so that one far out is not left behind;
then come windows, each twice as long as the last, after which the metric is estimated and the rest
starts again in its coordinates; the end of the warm-up is for the step size alone.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from flowcheck.evaluating import ValueAndGradient, finite, forgiving
from flowcheck.hmc import DIVERGENT_ENERGY, Chains, DualAveraging, Info
from flowcheck.metric import estimate, identity
from flowcheck.noise import Noise, stream
from flowcheck.trajectories import State, compiled, eager, pays
from flowcheck.trajectory_length import TrajectoryLength

# Dimensions up to which the metric is dense.
DENSE_UP_TO = 100
# Of the warm-up: each chain by itself until FIRST, the step size alone after LAST.
FIRST, LAST = 0.125, 0.85
# From this share of the warm-up on, trajectories are about as long as they will stay.
TYPICAL = 0.3
# The shortest acceptance that the harmonic mean sees: one stuck chain must not halt all the others.
LEAST_ACCEPTANCE = 1e-3
# A quarter of the period of a round Gaussian's motion: where a draw forgets the last one best.
QUARTER = 0.5 * math.pi
# The search for a step size: where the first one and those at the ends of windows begin, the factor
# from one trial to the next, how many there are at most, and the acceptance above which a step is
# too short and below which too long: for a single chain, and for the mean of all.
FIRST_TRIAL, TRIAL, TRIAL_FACTOR, TRIALS = 0.1, 0.5, 1.5, 60
TOO_SHORT, TOO_LONG_ALONE, TOO_LONG = 0.95, 0.5, 0.7
# A window's least length and what is left too short for one; the pull of the dual averaging.
SHORTEST_WINDOW, SHORTEST_REST, REACH = 20, 10, 2.0


@dataclass(frozen=True)
class Settings:
    """Counts are per chain; metric: diagonal, dense, or auto: dense up to 100 dimensions."""

    chains: int = 64
    warmup_draws: int = 500
    draws: int = 1000
    target_acceptance: float = 0.8
    metric: str = "auto"
    max_leapfrog: int = 512

    def __post_init__(self):
        if self.metric not in ("auto", "diagonal", "dense"):
            raise ValueError(f"metric is {self.metric!r}: it should be auto, diagonal or dense")


class Proposal(NamedTuple):
    """Where C trajectories ended: theta, momentum [C, dim], acceptance [C]; 0 if not finite."""

    theta: Tensor
    momentum: Tensor
    acceptance: Tensor


def sample(
    value_and_gradient: ValueAndGradient,
    init: Tensor,
    settings: Settings,
    generator: Generator,
    progress: Callable[[Iterable], Iterable] = iter,
    report: Callable[[str], None] = print,
) -> Chains:
    """Run C chains from `init` [C, dim], at that tensor's precision and on its device.

    value_and_gradient: [C, dim] -> [C], [C, dim]; the log density may lack its normaliser.
    `progress` wraps the iterable of transitions, to draw a bar. Where what is left of the run is
    long enough, its trajectories are compiled; `report` is told if that fails.

    Raises ValueError if the log density or its gradient is not finite at the start of a chain.
    """
    value_and_gradient = forgiving(value_and_gradient)
    state = State(init, *value_and_gradient(init))
    if not bool(finite(state.lp, state.gradient).all()):
        raise ValueError("a chain starts where the log density or its gradient is not finite")
    sampler = _Sampler(value_and_gradient, state, settings, generator, report)
    kept, leapfrogs = [], 0
    for transition in progress(range(settings.warmup_draws + settings.draws)):
        if transition < settings.warmup_draws:
            sampler.warm_up(transition)
        else:
            info, steps = sampler.draw(transition)
            kept.append((sampler.state.theta, info))
            leapfrogs += steps
    states, infos = zip(*kept, strict=True)
    columns = (torch.stack(column, dim=1) for column in zip(*infos, strict=True))
    return Chains(
        torch.stack(states, dim=1),
        *columns,
        step_size=sampler.step,
        leapfrog_steps=leapfrogs / settings.draws,
        trajectory_length=sampler.trajectory.length,
        gradients=sampler.gradients,
        metric=sampler.metric.factor,
    )


def window_ends(warmup_draws: int) -> list[int]:
    """The transitions after which the metric is estimated, in order."""
    last = int(LAST * warmup_draws)
    first = int(FIRST * warmup_draws)
    ends, length, position = [first // 2, first], max(SHORTEST_WINDOW, warmup_draws // 12), first
    while position < last - SHORTEST_REST:
        # A window too short to double again takes all that is left.
        position = position + length if position + 3 * length <= last else last
        ends.append(position)
        length *= 2
    return [end for end in ends if end > 0]


class _Sampler:
    """The chains' state, and what their warm-up has learnt so far."""

    def __init__(self, value_and_gradient, state: State, settings: Settings, generator, report):
        self.value_and_gradient, self.generator = value_and_gradient, generator
        self.report, self.go, self.eager = report, eager(value_and_gradient), True
        self.state, self.settings = state, settings
        dim = state.theta.shape[-1]
        auto = settings.metric == "auto" and dim <= DENSE_UP_TO
        self.dense = settings.metric == "dense" or auto
        self.first = int(FIRST * settings.warmup_draws)
        self.ends = window_ends(settings.warmup_draws)
        self.window: list[State] = []
        self.steps: list[int] = []
        self.gradients = len(state.theta)
        self.metric = identity(state.theta)
        self.trajectory = TrajectoryLength(math.pi)
        self.widest = 1.0  # standard deviation along the widest direction, in the metric's
        self._restart(self._each_chains_step(FIRST_TRIAL))
        self.noise = self._noise()

    def _noise(self) -> Iterator[Noise]:
        """Each transition's; at a window's end the search for a step draws in between."""
        total = self.settings.warmup_draws + self.settings.draws
        for start, end in pairwise([0, *self.ends, total]):
            yield from stream(end - start, self.state.theta, self.generator, jitter=False)

    def draw(self, transition: int) -> tuple[Info, int]:
        """One transition with everything frozen; its record and its leapfrog steps."""
        info, _, steps = self._transition(self.trajectory.share(transition))
        return info, steps

    def warm_up(self, transition: int) -> None:
        """One transition, and what is learnt from it."""
        alone = transition < self.first
        if alone:  # 1, 5, 9 leapfrog steps in turn
            length = self.step * (1 + 4 * (transition % 3))
        else:
            length = self.trajectory.share(transition)
        before = self.state.theta
        _, proposal, steps = self._transition(length)
        self.steps.append(steps)
        if not alone:
            self._learn_length(before, proposal, length)
        self._learn_step(proposal.acceptance, alone)
        self.window.append(self.state)
        if transition + 1 in self.ends:
            self._learn_metric(transition + 1)
        if transition + 1 == self.settings.warmup_draws:
            self._freeze()

    def _learn_length(self, before: Tensor, proposal: Proposal, taken: float) -> None:
        z0, z1 = self.metric.whiten(before), self.metric.whiten(proposal.theta)
        self.trajectory.update(z0, z1, proposal.momentum, proposal.acceptance, taken)
        self.trajectory.hold_within(self.step, self.step * self.settings.max_leapfrog)

    def _learn_step(self, acceptance: Tensor, alone: bool) -> None:
        if not alone:
            harmonic = 1 / (1 / acceptance.clamp(min=LEAST_ACCEPTANCE)).mean()
            acceptance = harmonic.expand_as(acceptance)
        self._set(self.averaging.update(self.settings.target_acceptance - acceptance))

    def _learn_metric(self, transition: int) -> None:
        theta = torch.cat([state.theta for state in self.window])
        gradient = torch.cat([state.gradient for state in self.window])
        self.window = []
        self.metric = estimate(theta, gradient, self.dense)
        z = self.metric.whiten(theta)
        if z.shape[-1] > 1:
            self.widest = math.sqrt(float(torch.linalg.eigvalsh(torch.cov(z.T)).max()))
        self.trajectory = TrajectoryLength(QUARTER * max(2.0, self.widest))
        if transition < self.first:
            self._restart(self._each_chains_step(TRIAL))
        else:
            self._restart(self._one_step(TRIAL))
        self._compile_if_it_pays(transition)

    def _compile_if_it_pays(self, transition: int) -> None:
        """Compile the rest of the run, if as many gradients are left as make up for it.

        By the steps that the last window's trajectories took: early ones, whose metric was a guess,
        say nothing of the rest; and a metric of another kind would be compiled again.
        """
        steps, self.steps = sum(self.steps) / len(self.steps), []
        warmup = self.settings.warmup_draws
        settled = transition >= TYPICAL * warmup and self.metric.dense == self.dense
        left = warmup + self.settings.draws - transition
        if self.eager and settled and pays(left * steps, written_out=False):
            self.eager = False
            self.go = compiled(self.value_and_gradient, self.state, self.metric, self.report)

    def _freeze(self) -> None:
        self._set(self.averaging.log_mean.mean().exp().expand_as(self.step_size))
        self.trajectory.raise_to(QUARTER * self.widest)
        self._compile_if_it_pays(self.settings.warmup_draws)

    def _restart(self, step_size: Tensor) -> None:
        self._set(step_size)
        self.averaging = DualAveraging(step_size, reach=REACH)

    def _set(self, step_size: Tensor) -> None:
        """The chains' step sizes [C], and their median as a number: a wait for the device."""
        self.step_size, self.step = step_size, float(step_size.median())

    def _each_chains_step(self, step: float) -> Tensor:
        """A step size [C] by which each chain accepts one leapfrog step well, but not always."""
        size = torch.full_like(self.state.lp, step)
        searching = torch.ones_like(size, dtype=torch.bool)
        for _ in range(TRIALS):
            acceptance = self._try(size)
            grow = searching & (acceptance > TOO_SHORT)
            shrink = searching & (acceptance < TOO_LONG_ALONE)
            if not bool((grow | shrink).any()):
                break
            size = torch.where(grow, TRIAL_FACTOR * size, size)
            size = torch.where(shrink, size / TRIAL_FACTOR, size)
            searching = grow | shrink
        return size

    def _one_step(self, step: float) -> Tensor:
        """A step size by which the chains together accept one leapfrog step well, as [C]."""
        for _ in range(TRIALS):
            acceptance = float(self._try(torch.full_like(self.state.lp, step)).mean())
            if TOO_LONG <= acceptance <= TOO_SHORT:
                break
            step = step * TRIAL_FACTOR if acceptance > TOO_SHORT else step / TRIAL_FACTOR
        return torch.full_like(self.state.lp, step)

    def _try(self, step_size: Tensor) -> Tensor:
        """The acceptance probability [C] of one leapfrog step, which is then forgotten."""
        _, _, error = self._trajectory(self._momentum(), step_size, 1)
        return (-error).clamp(max=0).exp()

    def _momentum(self) -> Tensor:
        theta = self.state.theta
        return torch.randn(theta.shape, generator=self.generator, dtype=theta.dtype).to(theta)

    def _trajectory(
        self, momentum: Tensor, step_size: Tensor, steps: int
    ) -> tuple[State, Tensor, Tensor]:
        """Where it ends, the momentum there, and the energy error [C], infinite if not finite."""
        end, last_momentum = self.go(
            self.state, momentum, step_size.unsqueeze(-1), steps, self.metric
        )
        self.gradients += len(momentum) * steps
        error = _energy(end, last_momentum) - _energy(self.state, momentum)
        error = torch.where(finite(end.lp, end.gradient), error, math.inf)
        return end, last_momentum, torch.nan_to_num(error, nan=math.inf, posinf=math.inf)

    def _transition(self, length: float) -> tuple[Info, Proposal, int]:
        """One Metropolis-corrected trajectory of each chain; a rejected chain stays where it was.

        length: in the metric's coordinates, for the chain with the median step size.
        """
        _, momentum, log_uniform = next(self.noise)
        before, steps = self.state, max(1, math.ceil(length / self.step))
        steps = min(steps, self.settings.max_leapfrog)
        end, last_momentum, error = self._trajectory(momentum, self.step_size, steps)
        accepted = log_uniform < -error
        chosen = accepted.unsqueeze(-1)
        self.state = State(
            torch.where(chosen, end.theta, before.theta),
            torch.where(accepted, end.lp, before.lp),
            torch.where(chosen, end.gradient, before.gradient),
        )
        energy = torch.where(accepted, _energy(end, last_momentum), _energy(before, momentum))
        acceptance = (-error).clamp(max=0).exp()
        info = Info(self.state.lp, energy, acceptance, error > DIVERGENT_ENERGY)
        return info, Proposal(end.theta, last_momentum, acceptance), steps


def _energy(state: State, momentum: Tensor) -> Tensor:
    return 0.5 * momentum.square().sum(-1) - state.lp
