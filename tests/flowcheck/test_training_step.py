"""One step of training against torch's own Adam, and what a step that is not finite leaves."""

import dataclasses
import itertools
import math

import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.training import Layout, Recipe, State, make_step, objective

FLOW = make_flow("realnvp", 2, {"blocks": 2, "hidden": [4], "activation": "tanh", "scale_bound": 5})
RECIPE = Recipe(
    iterations=50,
    samples=20,
    learning_rate=1e-2,
    schedule="constant",
    warmup=0,
    clip=None,
    weight_decay=0.0,
    gradient="total",
    ema_decay=None,
    init="published",
)
REPLICATES = 2
RATE = torch.tensor(0.01, dtype=torch.float64)


def log_density(x):
    """A density whose gradients are of another order for each replicate."""
    steepness = x.new_tensor([[1.0], [300.0]])
    return -steepness * (x - 1).square().sum(-1)


def beginning():
    """Replicates of float64 parameters, their layout and the state before the first step."""
    replicates = [
        {
            name: value.double()
            for name, value in FLOW.initial(
                torch.Generator().manual_seed(seed), "published"
            ).items()
        }
        for seed in range(REPLICATES)
    ]
    layout = Layout(replicates[0])
    flat = torch.stack([layout.flatten(params) for params in replicates])
    return layout, State.initial(flat)


def copied(state):
    return State(*(value.clone() for value in state))


def after(state, z, layout, recipe, density=log_density):
    """The state after one step from `state`, which stays as it is, and the ELBO's estimate."""
    new = copied(state)
    return new, make_step(FLOW, density, layout, recipe, new)(z, RATE)


def noise(step):
    generator = torch.Generator().manual_seed(1000 + step)
    return torch.randn(REPLICATES, 20, 2, generator=generator, dtype=torch.float64)


def test_layout_is_undone():
    replicates = [FLOW.initial(torch.Generator().manual_seed(s), "published") for s in range(2)]
    layout = Layout(replicates[0])
    flat = torch.stack([layout.flatten(params) for params in replicates])
    for name, value in layout.unflatten(flat).items():
        assert torch.equal(value, torch.stack([params[name] for params in replicates]))


@pytest.mark.parametrize("gradient", ["total", "path"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("clip", [None, 20.0])
def test_fifty_steps_are_those_of_torchs_adam(weight_decay, clip, gradient):
    recipe = dataclasses.replace(RECIPE, weight_decay=weight_decay, clip=clip, gradient=gradient)
    layout, state = beginning()
    step = make_step(FLOW, log_density, layout, recipe, state)
    theirs = state.params.clone().requires_grad_()
    leaves = [theirs[r].detach().clone().requires_grad_() for r in range(REPLICATES)]
    adams = [torch.optim.Adam([leaf], lr=float(RATE), weight_decay=weight_decay) for leaf in leaves]
    clipped = 0
    for number in range(50):
        z = noise(number)
        step(z, RATE)
        loss, _ = objective(FLOW, log_density, layout.unflatten(torch.stack(leaves)), z, gradient)
        for adam in adams:
            adam.zero_grad()
        loss.sum().backward()
        for leaf, adam in zip(leaves, adams, strict=True):
            if clip is not None:
                clipped += bool(torch.nn.utils.clip_grad_norm_([leaf], clip) > clip)
            adam.step()
    # The same formulas in float64; torch's clipping alone adds 1e-6 to the norm it divides by.
    tolerance = 1e-10 if clip is None else 1e-5
    torch.testing.assert_close(state.params, torch.stack(leaves).detach(), rtol=0, atol=tolerance)
    if clip is not None:
        assert 0 < clipped < 100  # some gradients were clipped, and some were not
    assert state.taken.tolist() == [50, 50]


def test_each_replicates_gradient_is_clipped_by_its_own_length():
    layout, state = beginning()
    free, _ = after(state, noise(0), layout, RECIPE)
    lengths = 10 * free.first_moment.norm(dim=-1)  # after one step momentum is 0.1 of the gradient
    assert lengths[1] > 10 * lengths[0]
    limit = float(2 * lengths[0])
    recipe = dataclasses.replace(RECIPE, clip=limit)
    clipped, _ = after(state, noise(0), layout, recipe)
    assert torch.equal(clipped.first_moment[0], free.first_moment[0])
    # Rounding of a norm in float64.
    assert float(10 * clipped.first_moment[1].norm()) == pytest.approx(limit, rel=1e-12)


def broken_value(bad):
    return lambda x: log_density(x) + x.new_tensor([[0.0], [bad]])


def broken_gradient(x):
    """Finite everywhere, with the gradient 0 * inf at the second replicate."""
    zero = (0 * x[1:]).square().sum(-1).sqrt()
    return log_density(x) + torch.cat([torch.zeros_like(zero), zero])


BROKEN = {
    "nan": broken_value(math.nan),
    "inf": broken_value(math.inf),
    "-inf": broken_value(-math.inf),
    "gradient": broken_gradient,
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("steps_before", [0, 3])
@pytest.mark.parametrize("average", [None, 0.9])
def test_step_that_is_not_finite_leaves_its_replicate_as_it_was(broken, steps_before, average):
    recipe = dataclasses.replace(RECIPE, clip=50.0, weight_decay=0.1, ema_decay=average)
    layout, state = beginning()
    for number in range(steps_before):
        state, _ = after(state, noise(number), layout, recipe)
    spoiled, elbo = after(state, noise(10), layout, recipe, BROKEN[broken])
    clean, _ = after(state, noise(10), layout, recipe)
    assert spoiled.skipped.tolist() == [0, 1]
    assert spoiled.taken.tolist() == [steps_before + 1, steps_before]
    for name in ("params", "first_moment", "second_moment", "average"):
        assert torch.equal(getattr(spoiled, name)[1], getattr(state, name)[1]), name
        assert torch.equal(getattr(spoiled, name)[0], getattr(clean, name)[0]), name
    assert elbo[0].isfinite()
    if broken != "gradient":
        assert not elbo[1].isfinite()
    # The next step is what it would have been without the bad one.
    onward, _ = after(spoiled, noise(11), layout, recipe)
    unhurt, _ = after(state, noise(11), layout, recipe)
    assert torch.equal(onward.params[1], unhurt.params[1])


def test_average_follows_the_parameters():
    recipe = dataclasses.replace(RECIPE, ema_decay=0.75)
    layout, state = beginning()
    step = make_step(FLOW, log_density, layout, recipe, state)
    expected = state.params.clone()
    for number in range(5):
        step(noise(number), RATE)
        expected = 0.75 * expected + 0.25 * state.params
    torch.testing.assert_close(state.average, expected, rtol=1e-12, atol=1e-12)


def rates(**changes):
    recipe = dataclasses.replace(RECIPE, iterations=100, learning_rate=2.0, **changes)
    return [recipe.learning_rate_at(step) for step in range(100)]


def test_constant_schedule():
    assert rates() == [2.0] * 100


def test_warm_up_rises_in_equal_steps():
    found = rates(warmup=4)
    assert found[:5] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0], rel=1e-15)
    assert found[5:] == [2.0] * 95


def test_cosine_schedule_falls_from_the_full_rate_to_nearly_zero():
    found = rates(schedule="cosine")
    assert found[0] == 2.0
    assert found[50] == pytest.approx(1.0, rel=1e-14)
    assert found[25] == pytest.approx(1 + math.sqrt(0.5), rel=1e-14)
    assert 0 < found[99] < 2.0 * 3e-4  # (pi / 200)^2 of it
    assert all(later < earlier for earlier, later in itertools.pairwise(found))


def test_warm_up_multiplies_the_cosine():
    plain, warmed = rates(schedule="cosine"), rates(schedule="cosine", warmup=10)
    assert warmed[0] == pytest.approx(0.1 * plain[0], rel=1e-14)
    assert warmed[4] == pytest.approx(0.5 * plain[4], rel=1e-14)
    assert warmed[9:] == plain[9:]
