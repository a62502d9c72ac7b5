"""Hamiltonian trajectories of many chains: leapfrog steps, eager or as one compiled program.

Eager, a gradient of a small posterior is ten to a hundred operations, and each of those takes more
time to start than to compute. Compiled, rounding differs from eager mode's in the last bit, and
chaotic motion makes other chains of that; both are chains of the same posterior.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from flowcheck.compiling import compile_fixed, has_compiler
from flowcheck.evaluating import ValueAndGradient
from flowcheck.metric import Metric

# Evaluations of all chains' gradients from which on compiling pays: it takes some four seconds, and
# so do as many eager evaluations by autograd, or ten times as many of a gradient written out.
WORTH, WORTH_WRITTEN_OUT = 20_000, 200_000
# A compiled program is tried against eager mode over a few steps: they differ by rounding.
TRIED_STEPS, TRIED_TOLERANCE = 3, 1e-6
# Compiled by one process, at most.
PROGRAMS = 64


class State(NamedTuple):
    """Where C chains are: theta [C, dim], log density [C], its gradient [C, dim]."""

    theta: Tensor
    lp: Tensor
    gradient: Tensor


# (state, momentum [C, dim], step size [C, 1], leapfrog steps, metric) -> state, momentum: the end.
Trajectory = Callable[[State, Tensor, Tensor, int, Metric], tuple[State, Tensor]]


def leapfrog(
    gradient: Callable, theta: Tensor, momentum: Tensor, grad: Tensor, step: Tensor, steps: int
) -> tuple[Tensor, Tensor, Tensor]:
    """`steps` leapfrog steps at one gradient each: half kicks that meet are made as one.

    theta, momentum, grad (the gradient at theta): [C, dim]; step: [C, 1]. Returns the first three.
    """
    momentum = torch.addcmul(momentum, step, grad, value=0.5)
    for remaining in reversed(range(steps)):
        theta = torch.addcmul(theta, step, momentum)
        grad = gradient(theta)
        momentum = torch.addcmul(momentum, step, grad, value=1.0 if remaining else 0.5)
    return theta, momentum, grad


def eager(value_and_gradient: ValueAndGradient) -> Trajectory:
    """Trajectories in the metric's coordinates, one operation after the other."""

    def trajectory(state, momentum, step, steps, metric):
        end = state

        def gradient(shift: Tensor) -> Tensor:
            nonlocal end
            theta = state.theta + metric.colour(shift)
            end = State(theta, *value_and_gradient(theta))
            return metric.pull(end.gradient)

        here = torch.zeros_like(momentum)
        _, last, _ = leapfrog(gradient, here, momentum, metric.pull(state.gradient), step, steps)
        return end, last

    return trajectory


def pays(evaluations: float, written_out: bool) -> bool:
    """Whether to compile for so many evaluations of all chains' gradients: a fixed rule, never a
    measured time, so that a study is reproducible.

    written_out: the gradient is the target's own, not autograd's.
    """
    return evaluations >= (WORTH_WRITTEN_OUT if written_out else WORTH) and has_compiler()


def compiled(
    value_and_gradient: ValueAndGradient,
    state: State,
    metric: Metric,
    report: Callable[[str], None] = print,
) -> Trajectory:
    """Trajectories as one program for chains like those of `state` and a metric of that kind.

    What cannot be traced or compiled, or computes something else than eager mode from `state`, runs
    eagerly, and `report` is told in one line. So does a single trajectory in which the program
    fails: a matrix may have no factor at some point.
    """
    slow = eager(value_and_gradient)
    try:
        fast = _program(value_and_gradient, state)
        # A process that studies many posteriors has many programs of one function.
        with torch._dynamo.config.patch(recompile_limit=PROGRAMS):
            _try(fast, slow, state, metric)
    except Exception as error:  # what can go wrong in tracing and compiling is unpredictable
        reason = (str(error).splitlines() or [""])[0]
        report(f"not compiled, goes on in eager mode: {type(error).__name__}: {reason}")
        return slow

    def trajectory(*arguments):
        try:
            return fast(*arguments)
        except Exception:  # where the computation itself is wrong, eager says so
            return slow(*arguments)

    return trajectory


def _try(fast: Trajectory, slow: Trajectory, state: State, metric: Metric) -> None:
    """Raises ArithmeticError unless both go the same way, with steps short for every chain."""
    force = metric.pull(state.gradient)
    step = 0.1 / (1 + force.norm(dim=-1, keepdim=True))
    momentum = torch.linspace(-1, 1, force.numel(), dtype=force.dtype).reshape(force.shape)
    arguments = (state, momentum.to(force), step, TRIED_STEPS, metric)
    (found, last), (expected, expected_last) = fast(*arguments), slow(*arguments)
    for one, other in zip((*found, last), (*expected, expected_last), strict=True):
        size = other.nan_to_num(posinf=0.0, neginf=0.0).abs().max() + 1
        if not torch.allclose(
            one, other, rtol=TRIED_TOLERANCE, atol=float(TRIED_TOLERANCE * size), equal_nan=True
        ):
            raise ArithmeticError("the compiled trajectory differs from eager mode's")


def _laid_out(*values: Tensor) -> list[Tensor]:
    """Copies in row-major order. `Tensor.contiguous` would keep the strides of a single chain."""
    return [value.clone(memory_format=torch.contiguous_format) for value in values]


def _program(value_and_gradient: ValueAndGradient, state: State) -> Trajectory:
    """The compiled program; value_and_gradient is traced with however it finds its gradient."""
    from torch._higher_order_ops import while_loop
    from torch.fx.experimental.proxy_tensor import make_fx

    traced = make_fx(lambda theta: value_and_gradient(theta))(state.theta.clone())

    def leaps(origin, momentum, gradient, factor, step, steps):
        metric = Metric(factor)
        # The loop may not see one tensor twice: `factor` and its transpose share their memory.
        spread = factor.T.clone() if metric.dense else factor

        def colour(shift):
            return shift @ spread if metric.dense else shift * spread

        def unfinished(done, *_):
            return done < steps

        def leap(done, shift, momentum, gradient):
            shift = torch.addcmul(shift, step, momentum)
            _, gradient = traced(origin + colour(shift))
            momentum = torch.addcmul(momentum, step, metric.pull(gradient))
            # The loop's state must keep its layout, and not be what the trace holds on to.
            return done + 1, shift, momentum, *_laid_out(gradient)

        momentum = torch.addcmul(momentum, step, metric.pull(gradient), value=0.5)
        done = torch.zeros((), dtype=torch.int64)
        begin = (done, torch.zeros_like(origin), momentum, gradient.clone())
        _, shift, momentum, gradient = while_loop(unfinished, leap, begin)
        # Each kick is of two halves that meet: the last is half a kick too many.
        momentum = torch.addcmul(momentum, step, metric.pull(gradient), value=-0.5)
        # The log density is wanted at the end alone; on the way its own operations are left out.
        end = origin + colour(shift)
        lp, _ = traced(end)
        return end, lp, gradient, momentum

    program = compile_fixed(leaps, state.theta.device)

    def trajectory(state, momentum, step, steps, metric):
        count = torch.tensor(steps)
        # Other strides would be another program.
        start, gradient = _laid_out(state.theta, state.gradient)
        *end, last = program(start, momentum, gradient, metric.factor, step.contiguous(), count)
        return State(*end), last

    return trajectory
