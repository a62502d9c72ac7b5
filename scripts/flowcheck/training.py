"""Training: all replicates of a flow at once, by the reparameterised evidence lower bound.

The state of R replicates is a handful of [R, P] tensors, so that the gradient's norm, Adam and
the average are one operation each however many tensors the flow has, and a replicate whose
objective is not finite can be held back alone.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck.checkpoints import Checkpoint
from flowcheck.compiling import compile_fixed, or_else
from flowcheck.flows.base import Flow, Params
from flowcheck.gaussian import standard_normal_log_prob

# Kingma & Ba, "Adam", 2014 (arXiv 1412.6980), algorithm 1: its default constants.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
# Noise is drawn, and the history and the average kept, this many steps at a time.
CHUNK = 100
# A checkpoint is kept whenever so many steps are done: it costs some milliseconds, they a second.
CHECKPOINT_EVERY = 1000


@dataclass(frozen=True)
class Recipe:
    """How to train: see config/README.md for each key. `samples` draws estimate each gradient."""

    iterations: int
    samples: int
    learning_rate: float
    schedule: str  # constant, cosine (to zero)
    warmup: int
    clip: float | None
    weight_decay: float
    gradient: str  # total, path
    average: float | None
    start: str  # near_identity, published

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0: linear warm-up, then the schedule."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(self.warmup, 1))
        if self.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * step / self.iterations))
        return rate


class State(NamedTuple):
    """Everything a next step depends on; R replicates of P parameters.

    params, momentum, square, average: [R, P]; taken, skipped: [R] counts of steps.
    """

    params: Tensor
    momentum: Tensor
    square: Tensor
    average: Tensor
    taken: Tensor
    skipped: Tensor

    @classmethod
    def initial(cls, params: Tensor) -> "State":
        """The state before the first step, from params [R, P]."""
        # Each its own tensor: compiled code is made anew when two that were one come apart.
        zeros = [torch.zeros_like(params) for _ in range(2)]
        counts = [params.new_zeros(len(params)) for _ in range(2)]
        return cls(params, *zeros, params.clone(), *counts)


class Layout:
    """How one replicate's dictionary of tensors lies in a vector of P numbers."""

    def __init__(self, example: Params):
        self.shapes = {name: value.shape for name, value in example.items()}
        self.sizes = [value.numel() for value in example.values()]

    def flatten(self, params: Params) -> Tensor:
        """One replicate's dictionary -> [P]."""
        return torch.cat([params[name].reshape(-1) for name in self.shapes])

    def unflatten(self, flat: Tensor) -> Params:
        """[R, P] -> a dictionary of tensors with a leading axis [R]."""
        return self._shaped(flat.split(self.sizes, dim=-1))

    def copies(self, flat: Tensor) -> Params:
        """As `unflatten`, but each tensor with its own memory.

        A tensor's place in the vector would be a constant of the compiled code, and every layer
        need code of its own.
        """
        return self._shaped(torch.split_with_sizes_copy(flat, self.sizes, dim=-1))

    def _shaped(self, parts: Iterable[Tensor]) -> Params:
        return {
            name: part.reshape(*part.shape[:-1], *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


class Trained(NamedTuple):
    """params: with a leading axis [R]; iterations [T] and elbo [T, R]; skipped [R] steps."""

    params: Params
    iterations: Tensor
    elbo: Tensor
    skipped: Tensor


def objective(
    flow: Flow, log_density: Callable, params: Params, z: Tensor, gradient: str
) -> tuple[Tensor, Tensor]:
    """(loss to differentiate [R], ELBO estimate [R]) from standard-normal z [R, S, dim].

    "total" is the negative ELBO itself. "path" leaves out the score term, whose expectation is
    zero and whose variance is not: near a perfect fit its gradient vanishes draw by draw (Roeder,
    Wu & Duvenaud, "Sticking the Landing", 2017, arXiv 1703.09194).
    """
    if gradient == "total":
        x, log_det = flow.forward(params, z)
    else:
        x, log_det, score = flow.forward_and_score(params, z)
    log_p = log_density(x)
    log_q = standard_normal_log_prob(z) - log_det
    elbo = (log_p - log_q).mean(-1)
    if gradient == "total":
        return -elbo, elbo
    return ((x * score).sum(-1) - log_p).mean(-1), elbo


def make_step(
    flow: Flow,
    log_density: Callable,
    layout: Layout,
    recipe: Recipe,
    compiler: Callable[[Callable], Callable] = lambda function: function,
) -> Callable:
    """A function (state, z, learning rate) -> (state, ELBO [R]): one step of all replicates.

    compiler: wraps the two functions that do the work, the gradient and the update.
    """

    def differentiate(params: Params, z: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        params = {name: value.detach().requires_grad_() for name, value in params.items()}
        loss, elbo = objective(flow, log_density, params, z, recipe.gradient)
        gradients = torch.autograd.grad(loss, list(params.values()), torch.ones_like(loss))
        return gradients, loss.detach(), elbo.detach()

    differentiate, update = compiler(differentiate), compiler(partial(_update, recipe=recipe))

    def step(state: State, z: Tensor, rate: Tensor) -> tuple[State, Tensor]:
        gradients, loss, elbo = differentiate(layout.copies(state.params), z)
        flat = torch.cat([gradient.flatten(1) for gradient in gradients], dim=-1)
        return update(state, flat, loss, rate, _weights(state)), elbo

    return step


def _weights(state: State) -> tuple[Tensor, Tensor]:
    """What the weights in the next averages of gradient and square sum to; [R, 1] each.

    Not in the compiled update, which would raise to these powers for every parameter anew.
    """
    count = (state.taken + 1).unsqueeze(-1)
    return 1 - BETA1**count, 1 - BETA2**count


def _update(
    state: State,
    gradient: Tensor,
    loss: Tensor,
    rate: Tensor,
    weights: tuple[Tensor, Tensor],
    recipe: Recipe,
) -> State:
    """Clip, then Adam with L2 decay, then the average; not where something is not finite."""
    norm = gradient.norm(dim=-1, keepdim=True)
    finite = loss.isfinite() & norm.squeeze(-1).isfinite()
    if recipe.clip is not None:
        gradient = gradient * (recipe.clip / norm).clamp(max=1.0)
    gradient = gradient + recipe.weight_decay * state.params
    keep = finite.unsqueeze(-1)
    momentum = torch.where(keep, torch.lerp(gradient, state.momentum, BETA1), state.momentum)
    square = torch.where(keep, torch.lerp(gradient.square(), state.square, BETA2), state.square)
    mean, variance = momentum / weights[0], square / weights[1]
    change = rate * mean / (variance.sqrt() + EPSILON)
    params = torch.where(keep, state.params - change, state.params)
    average = params
    if recipe.average is not None:
        average = torch.where(
            keep, torch.lerp(params, state.average, recipe.average), state.average
        )
    return State(params, momentum, square, average, state.taken + finite, state.skipped + ~finite)


def train(
    flow: Flow,
    log_density: Callable[[Tensor], Tensor],
    recipe: Recipe,
    generators: list[Generator],
    device: torch.device,
    progress: Callable[[Iterable], Iterable] = iter,
    checkpoint: Checkpoint | None = None,
    compiled: bool = False,
    report: Callable[[str], None] = print,
) -> Trained:
    """Train one replicate per generator, side by side, in float32.

    A replicate's initial values and noise come from its own generator alone, so it does not depend
    on how many are trained beside it (to rounding: batched products sum in another order).
    `progress` wraps the iterable of chunks, to draw a bar. `compiled`: whether to try to compile
    the step (`compiling.pays` says when that is worth it); `report` hears if it could not be.
    `checkpoint` is where the run's state is kept and, if there is one of this same run, taken up:
    the end is the same, bit for bit.
    """
    seeds = [generator.initial_seed() for generator in generators]
    initial = [flow.initial(generator, recipe.start) for generator in generators]
    layout = Layout(initial[0])
    flat = torch.stack([layout.flatten(params) for params in initial]).to(device)
    state = State.initial(flat)
    step = make_step(flow, log_density, layout, recipe)
    if compiled:
        step = or_else(make_step(flow, log_density, layout, recipe, compile_fixed), step, report)

    history = []
    run = {"recipe": asdict(recipe), "seeds": seeds, "compiled": compiled}
    if checkpoint and (kept := checkpoint.take_up(**run)):
        state, history = _restore(kept, generators, device)
    for start in progress(range(len(history), recipe.iterations, CHUNK)):
        steps = range(start, min(start + CHUNK, recipe.iterations))
        noise = draw_noise(generators, len(steps), recipe.samples, flow.dim).to(device)
        for z, iteration in zip(noise, steps, strict=True):
            state, elbo = step(state, z, torch.tensor(recipe.learning_rate_at(iteration)))
            history.append(elbo)
        if checkpoint and len(history) % CHECKPOINT_EVERY == 0:
            checkpoint.keep(_kept(state, history, generators))
    return Trained(
        params=layout.unflatten(state.average),
        iterations=torch.arange(1, recipe.iterations + 1),
        elbo=torch.stack(history).cpu(),
        skipped=state.skipped.cpu(),
    )


def _kept(state: State, history: list[Tensor], generators: list[Generator]) -> dict:
    """Everything that the rest of a training depends on."""
    return {
        "state": {name: value.cpu() for name, value in state._asdict().items()},
        "elbo": torch.stack(history).cpu(),
        "generators": [generator.get_state() for generator in generators],
    }


def _restore(
    kept: dict, generators: list[Generator], device: torch.device
) -> tuple[State, list[Tensor]]:
    """The state and the history that `_kept` was given; sets the generators."""
    for generator, state in zip(generators, kept["generators"], strict=True):
        generator.set_state(state)
    state = State(**{name: value.to(device) for name, value in kept["state"].items()})
    return state, list(kept["elbo"].to(device))


def draw_noise(generators: list[Generator], steps: int, samples: int, dim: int) -> Tensor:
    """Standard-normal z [steps, R, samples, dim], each replicate's from its own generator."""
    return torch.stack(
        [torch.randn(steps, samples, dim, generator=generator) for generator in generators], dim=1
    )


def thinned(elbo: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """A history worth keeping: iterations [K], about 25 a decade, and mean ELBO [K, R].

    elbo: [T, R], one estimate per iteration. Each row kept is the mean over the iterations since
    the last one kept, up to and including its own: near a perfect fit single estimates are noise.
    The last iteration is always there.
    """
    total = len(elbo)
    spread = np.geomspace(1, total, 1 + int(25 * max(1.0, math.log10(total))))
    kept = np.unique(np.round(spread).astype(int))
    starts = np.concatenate([[0], kept[:-1]])
    sums = np.add.reduceat(elbo.double().numpy(), starts, axis=0)
    return kept, sums / (kept - starts)[:, None]
