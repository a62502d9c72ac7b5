"""The published training loop: it dies where the gradient overflows, and nowhere else."""

import math

import numpy as np
import pytest
import torch

from flowcheck.course import denormal
from flowcheck.flows import make_flow
from flowcheck.seeds import generators_for

ITERATIONS, SAMPLES = 60, 100


def plain(y, sigma_y, sigma_theta):
    """Every datum through exp and log, as published."""
    data = torch.from_numpy(y).float()

    def log_density(theta):
        residual = data - (theta[..., 0] + theta[..., 1].square()).unsqueeze(-1)
        likelihood = torch.exp(-residual.square() / (2 * sigma_y**2))
        return likelihood.log().sum(-1) - theta.square().sum(-1) / (2 * sigma_theta**2)

    return log_density


@pytest.fixture(scope="module")
def y():
    """A hundred data like the published ones."""
    return 1.1 + 1.9 * np.random.default_rng(3).standard_normal(100)


@pytest.mark.parametrize(
    ("residual", "loss_is_finite", "gradient_is_finite"),
    # 1 / exp(-r^2 / 8) overflows from |r| = 26.63; exp(-r^2 / 8) rounds to zero from 28.84.
    [(26.5, True, True), (26.7, True, False), (28.7, True, False), (29.0, False, False)],
)
def test_where_loss_and_gradient_cease_to_be_finite(residual, loss_is_finite, gradient_is_finite):
    log_density = denormal.underflowing(np.array([residual]), 2.0, 1.0)
    theta = torch.zeros(1, 2, requires_grad=True)
    value = log_density(theta)
    (gradient,) = torch.autograd.grad(value.sum(), theta)
    assert bool(value.isfinite()) is loss_is_finite
    assert bool(gradient[0, 0].isfinite()) is gradient_is_finite


def test_the_two_outermost_data_decide_for_all(y):
    # Means from well inside the data to where all underflow.
    theta = torch.zeros(400, 2)
    theta[:, 0] = torch.linspace(-35.0, 37.0, 400)
    found = []
    for make in (denormal.underflowing, plain):
        at = theta.clone().requires_grad_()
        value = make(y, 2.0, 1.0)(at)
        found.append((value.detach(), torch.autograd.grad(value.sum(), at)[0]))
    (value, gradient), (expected, expected_gradient) = found
    assert torch.equal(value.isfinite(), expected.isfinite())
    assert torch.equal(gradient.isfinite().all(1), expected_gradient.isfinite().all(1))
    assert not expected.isfinite().all()
    assert (expected.isfinite() & ~expected_gradient.isfinite().all(1)).any()
    safe = expected_gradient.isfinite().all(1)
    # float32 sums of 100 terms of up to 90.
    torch.testing.assert_close(value[safe], expected[safe], rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(gradient[safe], expected_gradient[safe], rtol=1e-4, atol=1e-3)


@pytest.fixture(scope="module")
def run(y):
    flow = make_flow("planar", 2, {"layers": 8})
    log_density = denormal.underflowing(y, 2.0, 1.0)
    return denormal.train(flow, log_density, generators_for(40, 1, "denormal"), ITERATIONS, SAMPLES)


def test_some_flows_die_and_their_curve_repeats_one_value(run):
    dead = (run.died > 0).nonzero().flatten().tolist()
    # About a third: fewer than 4 or more than 26 of 40 has a probability below 1e-4.
    assert 4 <= len(dead) <= 26
    for r in dead:
        after = run.curve[int(run.died[r]) - 1 :, r]
        assert math.isfinite(float(after[0]))
        assert (after == after[0]).all()


def test_a_living_flow_moves_and_its_curve_with_it(run):
    alive = (run.died == 0) & (run.skipped == 0)
    assert alive.sum() > 10
    assert run.curve[:, alive].isfinite().all()
    for values in run.curve[:, alive].T:
        assert values.unique().numel() > ITERATIONS // 2


def test_steps_after_death_are_not_counted_as_skipped(run):
    only_dead = (run.died > 0) & (run.skipped > 0)
    assert (run.skipped[only_dead] < run.died[only_dead]).all()


def test_it_is_adam_where_everything_is_finite(banana):
    # Against PyTorch's own optimiser, replicate by replicate, with the stable density.
    flow = make_flow("planar", 2, {"layers": 2})
    ours = denormal.train(flow, banana.log_density, generators_for(2, 5, "adam"), 20, 50)
    for r, generator in enumerate(generators_for(2, 5, "adam")):
        params = flow.initial(generator, "published")
        leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
        optimiser = torch.optim.Adam(leaves.values(), lr=1e-3, weight_decay=1e-5)
        for step in range(20):
            z = torch.randn(50, 2, generator=generator)
            x, log_det = flow.forward(leaves, z)
            log_q = -0.5 * z.square().sum(-1) - math.log(2 * math.pi) - log_det
            elbo = (banana.log_density(x) - log_q).mean()
            # float32 throughout; 20 steps do not let rounding grow.
            assert float(ours.curve[step, r]) == pytest.approx(float(elbo), rel=1e-4)
            optimiser.zero_grad()
            (-elbo).backward()
            optimiser.step()
    assert (ours.died == 0).all()
