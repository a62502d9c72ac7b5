"""Compiled trajectories: when they are chosen, that they go where eager ones do, the way back."""

import pytest
import torch

from flowcheck import adaptation, compiling, hmc, trajectories
from flowcheck.metric import Metric, identity
from flowcheck.trajectories import WORTH, WORTH_WRITTEN_OUT, State, compiled, eager, pays
from flowcheck.verdict import judge
from tests import posteriors

needs_compiler = pytest.mark.skipif(
    not compiling.has_compiler(), reason="no C++ compiler with Python's headers here"
)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def refuse(message):
    raise AssertionError(message)


def state_of(value_and_gradient, dim, chains=8):
    theta = 0.3 * normal(chains, dim)
    return State(theta, *value_and_gradient(theta))


METRICS = {
    "diagonal": lambda dim: Metric(torch.linspace(0.5, 1.5, dim, dtype=torch.float64)),
    "dense": lambda dim: Metric(torch.eye(dim).double() + 0.1 * normal(dim, dim).tril()),
}


@needs_compiler
@pytest.mark.parametrize("metric", METRICS)
def test_compiled_trajectory_is_the_eager_one(metric):
    example = posteriors.example("AR(5)")
    metric, state = METRICS[metric](example.dim), state_of(example.value_and_gradient, example.dim)
    fast = compiled(example.value_and_gradient, state, metric, refuse)
    step = torch.full((8, 1), 0.002, dtype=torch.float64)
    for steps in (1, 30):  # one program for any number
        arguments = (state, normal(8, example.dim, seed=1), step, steps, metric)
        (found, last), (expected, expected_last) = (
            fast(*arguments),
            eager(example.value_and_gradient)(*arguments),
        )
        assert (found.theta - state.theta).norm(dim=-1).min() > 1e-3
        for one, other in zip((*found, last), (*expected, expected_last), strict=True):
            # Gradients reach 1e3: rounding, grown along 30 steps.
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@needs_compiler
def test_single_chain_that_goes_on_from_a_draw_is_compiled_once():
    example = posteriors.example("AR(5)")
    metric, state = (
        METRICS["diagonal"](example.dim),
        state_of(example.value_and_gradient, example.dim, chains=1),
    )
    program = trajectories._program(example.value_and_gradient, state)
    rest = (normal(1, example.dim, seed=1), torch.full((1, 1), 0.002).double(), 3, metric)
    program(state, *rest)
    # The last of 7 draws of one chain: its first axis, of size 1, has the stride of all draws.
    moved = state._replace(theta=torch.stack([state.theta] * 7, dim=1)[:, -1])
    assert moved.theta.stride() != state.theta.stride()
    with torch._dynamo.config.patch(error_on_recompile=True):
        program(moved, *rest)


@needs_compiler
def test_compiled_chains_pass_the_verdict(monkeypatch, banana):
    # With its own gradient and fixed settings; ten times as many draws as it needs would pay.
    monkeypatch.setattr(trajectories, "WORTH_WRITTEN_OUT", 0)
    settings = hmc.Settings(500, 500, 40, 0.05, 0.2, 0.98)
    chains = hmc.sample(
        banana.log_density,
        banana.gradient,
        2 * normal(20, 2),
        settings,
        torch.Generator().manual_seed(1),
        report=refuse,
    )
    parts = (chains.theta, chains.lp, chains.energy, chains.diverging)
    exact = banana.exact()["moments"]
    assert judge(*(part.numpy() for part in parts), banana.moments, exact)["passed"]


def test_a_trajectory_that_is_given_is_taken(monkeypatch, banana):
    # However long the run, nothing is compiled for it.
    monkeypatch.setattr(trajectories, "WORTH_WRITTEN_OUT", 0)
    monkeypatch.setattr(hmc, "compiled", lambda *arguments: refuse("compiled"))
    taken, own = [], hmc.eager(banana.log_density, banana.gradient)

    def recording(*arguments):
        taken.append(arguments[3])
        return own(*arguments)

    hmc.sample(
        banana.log_density,
        banana.gradient,
        normal(4, 2),
        hmc.Settings(5, 5, 7, 0.05, 0.2, None),
        torch.Generator().manual_seed(1),
        trajectory=recording,
    )
    assert taken == [7] * 10


@needs_compiler
def test_adapting_chains_are_compiled_where_much_is_left(monkeypatch):
    programs, original = [], trajectories.compiled

    def recording(*arguments):
        programs.append(arguments[2].factor.ndim)
        return original(*arguments[:3], refuse)

    monkeypatch.setattr(adaptation, "compiled", recording)
    example = posteriors.example("AR(5)")
    settings = adaptation.Settings(chains=32, draws=300)
    monkeypatch.setattr(trajectories, "WORTH", 100)
    generator = torch.Generator().manual_seed(0)
    init = 2 * torch.rand(32, 7, generator=generator, dtype=torch.float64) - 1
    chains = adaptation.sample(example.value_and_gradient, init, settings, generator)
    parts = (chains.theta, chains.lp, chains.energy, chains.diverging)
    assert judge(*(part.numpy() for part in parts), {}, {})["passed"]
    assert programs == [2]  # once, with the dense metric


def test_rule_counts_gradients_and_asks_for_a_compiler(monkeypatch):
    monkeypatch.setattr(trajectories, "has_compiler", lambda: True)
    for worth, written_out in ((WORTH, False), (WORTH_WRITTEN_OUT, True)):
        assert pays(worth, written_out)
        assert not pays(worth - 1, written_out)
    monkeypatch.setattr(trajectories, "has_compiler", lambda: False)
    assert not pays(1e9, False)


def test_the_studys_own_runs_stay_eager_bit_for_bit():
    # As many gradients as the problem set's runs need: 1,000 transitions of 100 steps.
    assert not pays(100_000, written_out=True)


def through_numpy(theta):
    """A Gaussian that torch does not see: its values would be constants of a trace."""
    values = theta.detach().numpy()
    return torch.from_numpy(-0.5 * (values**2).sum(-1)), torch.from_numpy(-values)


def branching(theta):
    """A density that looks at its values."""
    return (-theta.square().sum(-1) if float(theta.sum()) > 1e9 else theta.sum(-1)), theta


@pytest.mark.parametrize("density", [through_numpy, branching])
def test_what_cannot_be_traced_goes_on_in_eager_mode_and_says_so(density):
    state, said = state_of(density, 3), []
    trajectory = compiled(density, state, identity(state.theta), said.append)
    assert len(said) == 1
    assert said[0].startswith("not compiled, goes on in eager mode: ")
    step = torch.full((8, 1), 0.1, dtype=torch.float64)
    arguments = (state, normal(8, 3), step, 4, identity(state.theta))
    for one, other in zip(trajectory(*arguments)[0], eager(density)(*arguments)[0], strict=True):
        assert torch.equal(one, other)


def test_a_program_is_tried_with_steps_that_are_short_for_every_chain():
    taken = []

    def recording(*arguments):
        taken.append(arguments)
        return arguments[0], arguments[1]

    theta = normal(3, 2)
    state = State(theta, normal(3), torch.tensor([[3.0, 4.0], [0.0, 0.0], [60.0, 80.0]]).double())
    metric = Metric(torch.tensor([2.0, 2.0], dtype=torch.float64))
    trajectories._try(recording, recording, state, metric)
    first, momentum, step, steps, _ = taken[0]
    assert all(one is other for one, other in zip(*taken, strict=True))
    assert first is state
    assert step.shape == (3, 1)
    # A tenth, where there is no force; in the metric's coordinates the forces are 10, 0 and 200.
    assert step.flatten().tolist() == pytest.approx([0.1 / 11, 0.1, 0.1 / 201], rel=1e-14)
    # Momenta both ways, none of them large.
    assert momentum.flatten().tolist() == pytest.approx([-1, -0.6, -0.2, 0.2, 0.6, 1], rel=1e-14)
    assert steps == trajectories.TRIED_STEPS


@pytest.mark.parametrize("part", ["theta", "lp", "gradient", "momentum"])
@pytest.mark.parametrize(("off", "told"), [(1.4e-6, False), (1.6e-6, True)])
def test_a_program_may_differ_by_a_millionth_of_the_largest_value_and_one(part, off, told):
    # The largest finite value of each is 1/2, in size; what is off is a zero, which has no error
    # relative to itself. Where a density vanishes, both say so.
    ends = {
        "theta": torch.tensor([[0.0, -0.5], [0.1, 0.2]], dtype=torch.float64),
        "lp": torch.tensor([0.0, -0.5, -torch.inf, torch.inf, torch.nan], dtype=torch.float64),
        "gradient": torch.tensor([[0.0, 0.5], [0.1, torch.nan]], dtype=torch.float64),
        "momentum": torch.tensor([[0.0, 0.5], [-0.1, 0.1]], dtype=torch.float64),
    }

    def to(ends):
        return lambda *_: (State(ends["theta"], ends["lp"], ends["gradient"]), ends["momentum"])

    moved = dict(ends)
    moved[part] = ends[part].clone()
    moved[part].view(-1)[0] = off
    state = State(normal(2, 2), normal(2), normal(2, 2))
    arguments = (to(moved), to(ends), state, identity(state.theta))
    if told:
        with pytest.raises(ArithmeticError, match="differs from eager mode's"):
            trajectories._try(*arguments)
    else:
        trajectories._try(*arguments)


def test_program_that_fails_once_is_replaced_that_once(monkeypatch):
    calls = []

    def failing(value_and_gradient, state):
        slow = eager(value_and_gradient)

        def program(*arguments):
            calls.append(1)
            if len(calls) == 2:
                raise RuntimeError("no factor")
            return slow(*arguments)

        return program

    monkeypatch.setattr(trajectories, "_program", failing)
    example = posteriors.gaussian(3)
    state = state_of(example.value_and_gradient, 3)
    metric = identity(state.theta)
    trajectory = compiled(example.value_and_gradient, state, metric, refuse)
    arguments = (state, normal(8, 3), torch.full((8, 1), 0.01).double(), 4, metric)
    first, second = trajectory(*arguments), trajectory(*arguments)
    assert len(calls) == 3
    assert torch.equal(first[0].theta, second[0].theta)
