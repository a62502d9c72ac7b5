"""Training as a whole: it reaches what it should, and depends on what it says and nothing else."""

import dataclasses
import math

import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.flows.base import sample
from flowcheck.seeds import generators_for
from flowcheck.training import Layout, Recipe, objective, train

CPU = torch.device("cpu")
EVIDENCE = -3.7
RECIPE = Recipe(
    iterations=300,
    samples=50,
    learning_rate=0.03,
    schedule="cosine",
    warmup=10,
    clip=10.0,
    weight_decay=0.0,
    gradient="path",
    ema_decay=None,
    init="near_identity",
)
FLOWS = {
    "planar": {"layers": 2},
    "nice": {"blocks": 2, "hidden": [8, 8], "activation": "silu"},
    "realnvp": {"blocks": 2, "hidden": [8, 8], "activation": "silu", "scale_bound": 5.0},
}


def shifted_gaussian(x):
    """log of exp(EVIDENCE) N(x; (1, -0.5), diag(0.5^2, 2^2))."""
    mean, scale = x.new_tensor([1.0, -0.5]), x.new_tensor([0.5, 2.0])
    return EVIDENCE + torch.distributions.Normal(mean, scale).log_prob(x).sum(-1)


def run(family="nice", log_density=shifted_gaussian, seeds=(0,), **changes):
    flow = make_flow(family, 2, FLOWS[family])
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    recipe = dataclasses.replace(RECIPE, **changes)
    return flow, train(flow, log_density, recipe, generators, CPU)


@pytest.mark.parametrize("gradient", ["path", "total"])
@pytest.mark.parametrize("family", ["nice", "realnvp"])
def test_elbo_rises_to_the_evidence_of_a_gaussian(family, gradient):
    flow, trained = run(family, seeds=(0, 1), gradient=gradient)
    assert trained.elbo.shape == (300, 2)
    assert trained.elbo[:5].mean() < EVIDENCE - 1
    params = {name: value.double() for name, value in trained.params.items()}
    x, log_q = sample(flow, params, 20_000, generators_for(2, 0))
    elbo = (shifted_gaussian(x) - log_q).mean(-1)
    # Both families hold this Gaussian exactly; 300 steps bring the divergence below 0.01, which
    # with 20,000 draws is known to sqrt(2 * 0.01 / 20,000) = 0.001.
    assert torch.all(elbo < EVIDENCE + 0.005)
    assert torch.all(elbo > EVIDENCE - 0.015)
    assert trained.skipped.tolist() == [0, 0]


@pytest.mark.parametrize("family", FLOWS)
def test_total_and_path_gradients_agree_in_expectation(family, banana):
    # 400 "replicates" with the same parameters: 400 independent estimates of either gradient.
    batches, draws = 400, 25
    flow = make_flow(family, 2, FLOWS[family])
    generator = torch.Generator().manual_seed(0)
    initial = flow.initial(generator, "near_identity")
    layout = Layout(initial)
    flat = layout.flatten(initial)
    flat = (flat + 0.2 * torch.randn(flat.shape, generator=generator)).double()
    z = torch.randn(batches, draws, 2, generator=generator, dtype=torch.float64)
    log_density = lambda x: 0.02 * banana.log_density(x) - 0.1 * x.square().sum(-1)  # noqa: E731
    gradients, elbos = {}, {}
    for kind in ("total", "path"):
        leaf = flat.repeat(batches, 1).requires_grad_()
        loss, elbos[kind] = objective(flow, log_density, layout.unflatten(leaf), z, kind)
        (gradients[kind],) = torch.autograd.grad(loss.sum(), leaf)
    assert torch.equal(elbos["total"], elbos["path"])
    # The difference is the score of q, of mean zero. Parameters no draw depends on (NICE's scale
    # in total minus path is one, up to rounding) have no spread to speak of, and are left out.
    difference = gradients["total"] - gradients["path"]
    spread = difference.std(0)
    moving = spread > 1e-9
    assert moving.double().mean() > 0.8
    errors = difference.mean(0)[moving] / (spread[moving] / math.sqrt(batches))
    # Some 200 parameters, correlated: 5 standard errors are exceeded once in ten thousand runs.
    assert errors.abs().max() < 5
    assert (difference.mean(0)[~moving].abs() < 1e-8).all()


def test_path_gradient_vanishes_at_a_perfect_fit():
    # q = p: the objective's path gradient is zero draw by draw, the total one only on average.
    flow = make_flow("realnvp", 2, FLOWS["realnvp"])
    initial = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    layout = Layout(initial)
    z = torch.randn(1, 10, 2, generator=torch.Generator().manual_seed(1))
    norms = {}
    for kind in ("total", "path"):
        leaf = layout.flatten(initial).unsqueeze(0).requires_grad_()
        standard = lambda x: -0.5 * x.square().sum(-1)  # noqa: E731
        loss, _ = objective(flow, standard, layout.unflatten(leaf), z, kind)
        norms[kind] = float(torch.autograd.grad(loss.sum(), leaf)[0].norm())
    assert norms["path"] < 1e-5  # float32 rounding
    assert norms["total"] > 1e-2


def test_same_seeds_give_the_same_bits_and_others_do_not():
    (_, first), (_, again), (_, other) = (run(seeds=(seed, 9), iterations=20) for seed in (3, 3, 4))
    assert torch.equal(first.elbo, again.elbo)
    assert all(torch.equal(first.params[name], again.params[name]) for name in first.params)
    assert not torch.equal(first.elbo[:, 0], other.elbo[:, 0])


@pytest.mark.parametrize("family", FLOWS)
def test_replicate_does_not_depend_on_its_neighbours(family):
    _, beside = run(family, seeds=(0, 1, 2), iterations=40)
    for place, seed in enumerate((0, 1, 2)):
        _, alone = run(family, seeds=(seed,), iterations=40)
        # Batched products sum in another order: float32's 1e-7, grown by 40 steps of descent.
        torch.testing.assert_close(alone.elbo[:, 0], beside.elbo[:, place], rtol=1e-3, atol=1e-3)
        for name, value in alone.params.items():
            torch.testing.assert_close(value[0], beside.params[name][place], rtol=0, atol=2e-3)


def test_iterations_are_counted_across_chunks_of_noise():
    # More than one chunk of 100, the last one short.
    _, trained = run(iterations=230)
    assert trained.elbo.shape == (230, 1)
    assert len(set(trained.elbo[:, 0].tolist())) > 200  # no chunk's noise is used again


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_step_that_is_not_finite_is_counted_and_left_out(bad):
    calls = []

    def spoiled(x):
        # The second replicate's density breaks in the fourth step.
        calls.append(None)
        value = shifted_gaussian(x)
        return value + torch.tensor([[0.0], [bad]]) if len(calls) == 4 else value

    _, trained = run(log_density=spoiled, seeds=(0, 1), iterations=20)
    _, clean = run(seeds=(0, 1), iterations=20)
    assert trained.skipped.tolist() == [0, 1]
    assert not trained.elbo[3, 1].isfinite()
    assert trained.elbo.isfinite().sum() == 39
    assert torch.equal(trained.elbo[:, 0], clean.elbo[:, 0])
    assert torch.equal(trained.elbo[:4, 0], clean.elbo[:4, 0])
    assert not torch.equal(trained.elbo[5:, 1], clean.elbo[5:, 1])
    assert all(value.isfinite().all() for value in trained.params.values())


def test_average_is_what_training_returns():
    flow, last = run(iterations=1)
    _, averaged = run(iterations=1, ema_decay=0.9)
    initial = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    for name, value in initial.items():
        expected = 0.9 * value + 0.1 * last.params[name][0]
        torch.testing.assert_close(averaged.params[name][0], expected, rtol=1e-6, atol=1e-7)
    assert not torch.equal(averaged.params["scale"], last.params["scale"])


def test_progress_sees_every_chunk_and_hears_its_elbo():
    seen, said = [], []

    def bar(chunks):
        for chunk in chunks:
            seen.append(chunk)
            yield chunk

    flow = make_flow("nice", 2, FLOWS["nice"])
    recipe = dataclasses.replace(RECIPE, iterations=150)
    generators = generators_for(2, 0)
    trained = train(flow, shifted_gaussian, recipe, generators, CPU, bar, watch=said.append)
    assert len(seen) == 2
    means = trained.elbo[:100].mean(), trained.elbo[100:].mean()
    assert said == [f"ELBO {mean:.3f}" for mean in means]
