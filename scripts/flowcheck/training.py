"""Training: all replicates of a flow at once, by the reparameterised evidence lower bound.

The state of R replicates is a handful of [R, P] tensors, so that the gradient's norm, Adam and
the average are one operation each however many tensors the flow has, and a step whose
objective is not finite can be skipped by its own replicate alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from flowcheck.checkpoints import Checkpoint
from flowcheck.compiling import compile_fixed, or_else
from flowcheck.flows.base import Flow, Params
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.histories import Snapshots
from flowcheck.schedule import BETA1, BETA2, EPSILON, cosine

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
    ema_decay: float | None
    init: str  # near_identity, published

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0: linear warm-up, then the schedule."""
        rate = self.learning_rate * min(1.0, (step + 1) / max(self.warmup, 1))
        if self.schedule == "cosine":
            rate *= cosine(step, self.iterations)
        return rate


class State(NamedTuple):
    """Everything a next step depends on; R replicates of P parameters.

    params, first_moment, second_moment, average: [R, P]; taken, skipped: [R] counts of steps.
    """

    params: Tensor
    first_moment: Tensor
    second_moment: Tensor
    average: Tensor
    taken: Tensor
    skipped: Tensor

    @classmethod
    def initial(cls, params: Tensor) -> "State":
        """The state before the first step, from params [R, P]."""
        # Each its own tensor: two that share memory at first and not later are compiled twice.
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
        """[R, P] -> a dictionary of tensors with a leading axis [R], which share its memory."""
        parts = flat.split(self.sizes, dim=-1)
        return {
            name: part.reshape(*part.shape[:-1], *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


class Trained(NamedTuple):
    """params: with a leading axis [R]; elbo [T, R], one row per iteration; skipped [R] steps.

    snapshots: iterations done -> the first replicate's parameters then.
    """

    params: Params
    elbo: Tensor
    skipped: Tensor
    snapshots: dict[int, Params]


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
    state: State,
    compiler: Callable[[Callable], Callable] = lambda function: function,
) -> Callable[[Tensor, Tensor], Tensor]:
    """A function (z, learning rate) -> ELBO [R]: one step of all replicates, `state` in place.

    compiler: wraps the two functions that do the work, the gradient and the update.
    """
    # Unflattened once, and not in the compiled code, where each tensor's offset would be a
    # constant and every layer need code of its own.
    params = layout.unflatten(state.params)

    def differentiate(
        params: Params, z: Tensor, taken: Tensor, rate: Tensor
    ) -> tuple[Tensor, Tensor, Scales]:
        params = {name: value.detach().requires_grad_() for name, value in params.items()}
        loss, elbo = objective(flow, log_density, params, z, recipe.gradient)
        gradients = torch.autograd.grad(loss, list(params.values()), torch.ones_like(loss))
        gradient = torch.cat([part.flatten(1) for part in gradients], dim=-1)
        scales = _scales(gradient, loss.detach(), taken, rate, recipe.clip)
        return gradient, elbo.detach(), scales

    def update(state: State, gradient: Tensor, scales: Scales) -> None:
        for kept, new in zip(state, _updated(state, gradient, scales, recipe), strict=True):
            kept.copy_(new)

    differentiate, update = compiler(differentiate), compiler(update)

    def step(z: Tensor, rate: Tensor) -> Tensor:
        gradient, elbo, scales = differentiate(params, z, state.taken, rate)
        update(state, gradient, scales)
        return elbo

    return step


class Scales(NamedTuple):
    """What is the same for all parameters of a replicate in one step; [R, 1] each.

    Computed outside the update, whose compiled code would repeat it for every parameter.
    finite: whether to step at all; clip: multiplies the gradient; rate, root: Adam's learning rate
    and the factor of its root of the second moment, both corrected for their bias.
    """

    finite: Tensor
    clip: Tensor
    rate: Tensor
    root: Tensor


def _scales(
    gradient: Tensor, loss: Tensor, taken: Tensor, rate: Tensor, clip: float | None
) -> Scales:
    norm = gradient.norm(dim=-1, keepdim=True)
    finite = loss.unsqueeze(-1).isfinite() & norm.isfinite()
    shrink = torch.ones_like(norm) if clip is None else (clip / norm).clamp(max=1.0)
    count = (taken + 1).unsqueeze(-1)
    return Scales(finite, shrink, rate / (1 - BETA1**count), (1 - BETA2**count).rsqrt())


def _updated(state: State, gradient: Tensor, scales: Scales, recipe: Recipe) -> State:
    """Clip, then Adam with L2 decay, then the average; not where something is not finite."""
    finite, clip, rate, root = scales
    gradient = gradient * clip + recipe.weight_decay * state.params
    first_moment = torch.where(
        finite, torch.lerp(gradient, state.first_moment, BETA1), state.first_moment
    )
    second_moment = torch.where(
        finite, torch.lerp(gradient.square(), state.second_moment, BETA2), state.second_moment
    )
    change = rate * first_moment / (second_moment.sqrt() * root + EPSILON)
    params = torch.where(finite, state.params - change, state.params)
    average = params
    if recipe.ema_decay is not None:
        average = torch.where(
            finite, torch.lerp(params, state.average, recipe.ema_decay), state.average
        )
    stepped = finite.squeeze(-1)
    return State(
        params,
        first_moment,
        second_moment,
        average,
        state.taken + stepped,
        state.skipped + ~stepped,
    )


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
    watch: Callable[[str], None] = lambda words: None,
) -> Trained:
    """Train one replicate per generator, side by side, in float32.

    A replicate's initial values and noise come from its own generator alone, so it does not depend
    on how many are trained beside it (to rounding: batched products sum in another order).
    `progress` wraps the iterable of chunks, to say how far it is, and `watch` hears each one's
    ELBO, the mean over draws and replicates. `compiled`: whether to try to compile the step
    (`compiling.pays` says when that is worth it); `report` hears if it could not be.
    `checkpoint` is where the run's state is kept; a run that finds one of its own there resumes
    from it, and ends the same, bit for bit.
    """
    seeds = [generator.initial_seed() for generator in generators]
    initial = [flow.initial(generator, recipe.init) for generator in generators]
    layout = Layout(initial[0])
    flat = torch.stack([layout.flatten(params) for params in initial]).to(device)
    state = State.initial(flat)
    # Filled row by row on the device: nothing waits for it, and nothing of it is moved or joined.
    history = torch.empty(recipe.iterations, len(seeds), device=device)
    first, snapshots = 0, Snapshots(recipe.iterations)
    run = {"recipe": asdict(recipe), "seeds": seeds, "compiled": compiled}
    if checkpoint and (kept := checkpoint.take_up(**run)):
        state, first = _restore(kept, history, generators, device)
        snapshots = Snapshots(recipe.iterations, kept["snapshots"])
    else:
        snapshots.see(0, state.average)
    step = make_step(flow, log_density, layout, recipe, state)
    if compiled:
        compiler = partial(compile_fixed, device=device, all_alike=True)
        step = or_else(make_step(flow, log_density, layout, recipe, state, compiler), step, report)
    for start in progress(range(first, recipe.iterations, CHUNK)):
        steps = range(start, min(start + CHUNK, recipe.iterations))
        noise = draw_noise(generators, len(steps), recipe.samples, flow.dim).to(device)
        rates = torch.tensor([recipe.learning_rate_at(one) for one in steps], device=device)
        for done, z, rate in zip(steps, noise, rates, strict=True):
            history[done] = step(z, rate)
            snapshots.see(done + 1, state.average)
        watch(f"ELBO {history[start : steps.stop].mean().item():.3f}")
        if checkpoint and steps.stop % CHECKPOINT_EVERY == 0:
            own = _kept(state, history[: steps.stop], generators)
            checkpoint.keep(own | {"snapshots": snapshots.taken})
    return Trained(
        params=layout.unflatten(state.average),
        elbo=history.cpu(),
        skipped=state.skipped.cpu(),
        snapshots={done: layout.unflatten(flat) for done, flat in snapshots.taken.items()},
    )


def _kept(state: State, history: Tensor, generators: list[Generator]) -> dict:
    """Everything that the rest of a training depends on."""
    return {
        "state": {name: value.cpu() for name, value in state._asdict().items()},
        "elbo": history.cpu().clone(),  # a part alone: saving a view saves all that it views
        "generators": [generator.get_state() for generator in generators],
    }


def _restore(
    kept: dict, history: Tensor, generators: list[Generator], device: torch.device
) -> tuple[State, int]:
    """The state that `_kept` was given, and the number of steps done; sets the other two."""
    for generator, state in zip(generators, kept["generators"], strict=True):
        generator.set_state(state)
    state = State(**{name: value.to(device) for name, value in kept["state"].items()})
    done = len(kept["elbo"])
    history[:done] = kept["elbo"].to(device)
    return state, done


def draw_noise(generators: list[Generator], steps: int, samples: int, dim: int) -> Tensor:
    """Standard-normal z [steps, R, samples, dim], each replicate's from its own generator."""
    return torch.stack(
        [torch.randn(steps, samples, dim, generator=generator) for generator in generators], dim=1
    )
