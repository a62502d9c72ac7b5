"""Hamiltonian Monte Carlo: its integrator, its invariant density, and what it keeps."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from arviz_stats.base import array_stats

from flowcheck import hmc
from flowcheck.noise import stream

SETTINGS = hmc.Settings(
    draws=200,
    warmup_draws=100,
    leapfrog_steps=10,
    step_size=0.3,
    jitter=0.2,
    target_acceptance=None,
)
PRECISION = torch.linalg.inv(torch.tensor([[1.0, 0.9], [0.9, 2.0]], dtype=torch.float64))


def gaussian(theta):
    """N(0, [[1, 0.9], [0.9, 2]]) without its normaliser."""
    return -0.5 * ((theta @ PRECISION) * theta).sum(-1)


def gaussian_gradient(theta):
    return -theta @ PRECISION


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def run(log_density=gaussian, gradient=gaussian_gradient, start=None, seed=0, **changes):
    start = normal(4, 2) if start is None else start
    settings = dataclasses.replace(SETTINGS, **changes)
    generator = torch.Generator().manual_seed(seed)
    return hmc.sample(log_density, gradient, start, settings, generator)


@pytest.fixture
def steps(monkeypatch):
    """The step sizes [C, 1] of every trajectory of the runs that follow."""
    seen, original = [], hmc.leapfrog

    def recording(gradient, theta, momentum, slope, step, steps):
        seen.append(step)
        return original(gradient, theta, momentum, slope, step, steps)

    monkeypatch.setattr(hmc, "leapfrog", recording)
    return seen


def test_analytic_gradient_is_autograds(banana):
    theta = 3 * normal(100, 2)
    # Two orders of the same few operations; the terms are of size 1e3.
    torch.testing.assert_close(
        banana.gradient(theta),
        hmc.autograd_gradient(banana.log_density)(theta),
        rtol=1e-12,
        atol=1e-10,
    )


def test_leapfrog_is_reversible(banana):
    theta, momentum = normal(20, 2), normal(20, 2, seed=1)
    step = torch.full((20, 1), 0.02, dtype=torch.float64)
    end, end_momentum, slope = hmc.leapfrog(
        banana.gradient, theta, momentum, banana.gradient(theta), step, 50
    )
    assert (end - theta).norm(dim=-1).min() > 0.05
    torch.testing.assert_close(slope, banana.gradient(end))
    back, back_momentum, _ = hmc.leapfrog(banana.gradient, end, -end_momentum, slope, step, 50)
    # Rounding, grown along trajectories that are stable: 1e-10 leaves four digits of room.
    torch.testing.assert_close(back, theta, rtol=0, atol=1e-10)
    torch.testing.assert_close(-back_momentum, momentum, rtol=0, atol=1e-9)


def test_leapfrog_preserves_volume(banana):
    def flow(state):
        theta, momentum = state[None, :2], state[None, 2:]
        step = torch.full((1, 1), 0.05, dtype=torch.float64)
        end, end_momentum, _ = hmc.leapfrog(
            banana.gradient, theta, momentum, banana.gradient(theta), step, 10
        )
        return torch.cat([end[0], end_momentum[0]])

    jacobian = torch.autograd.functional.jacobian(flow, normal(4))
    # Twenty shears, whose entries reach 1e2: rounding.
    assert float(torch.linalg.det(jacobian)) == pytest.approx(1, abs=1e-10)


def test_energy_error_is_of_second_order(banana):
    theta, momentum = normal(50, 2) * 0.3, normal(50, 2, seed=1)

    def error(steps):
        step = torch.full((50, 1), 1.0 / steps, dtype=torch.float64)
        end, end_momentum, _ = hmc.leapfrog(
            banana.gradient, theta, momentum, banana.gradient(theta), step, steps
        )

        def energy(theta, momentum):
            return 0.5 * momentum.square().sum(-1) - banana.log_density(theta)

        return (energy(end, end_momentum) - energy(theta, momentum)).abs().mean()

    # Halving the step quarters the error, up to the next order, 4th: a few per cent at 1/200.
    assert float(error(200) / error(400)) == pytest.approx(4, rel=0.05)
    assert error(400) < 1e-2


def test_moments_of_a_correlated_gaussian():
    chains = run(start=normal(50, 2), draws=400)
    theta = chains.theta.numpy()
    moments = {
        1.0: theta[..., 0] ** 2,
        2.0: theta[..., 1] ** 2,
        0.9: theta[..., 0] * theta[..., 1],
        0.0: theta[..., 0] + theta[..., 1],
    }
    for exact, values in moments.items():
        error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
        assert error < 0.05
        assert abs(values.mean() - exact) < 4 * error
    assert chains.theta.shape == (50, 400, 2)
    for column in (chains.lp, chains.energy, chains.acceptance_rate, chains.diverging):
        assert column.shape == (50, 400)


def test_kinetic_energy_has_its_distribution():
    # Stationary momenta are standard normal in two dimensions: mean energy above -lp is 1, and its
    # standard error with 20,000 independent values 0.007.
    chains = run(start=normal(50, 2), draws=400)
    kinetic = (chains.energy + chains.lp).numpy()
    assert kinetic.min() >= 0
    assert kinetic.mean() == pytest.approx(1, abs=0.05)


def test_rejected_states_are_kept():
    chains = run(step_size=1.5, jitter=0.0, leapfrog_steps=3)
    repeated = (chains.theta[:, 1:] == chains.theta[:, :-1]).all(-1)
    rate = float(repeated.double().mean())
    assert 0.05 < rate < 0.95
    # Of the other kind of state, none repeats; the mean acceptance probability is that rate's
    # complement, up to the luck of 800 binary outcomes: 4 standard errors are 0.07.
    assert 1 - rate == pytest.approx(float(chains.acceptance_rate.mean()), abs=0.07)
    torch.testing.assert_close(chains.lp, gaussian(chains.theta), rtol=1e-12, atol=1e-12)


def test_start_is_not_among_the_draws():
    start = normal(4, 2)
    chains = run(start=start, warmup_draws=0, draws=1, step_size=0.1)
    assert not (chains.theta[:, 0] == start).all(-1).any()


def test_divergent_transitions_are_flagged_and_rejected():
    quartic = lambda theta: -theta.square().square().sum(-1)  # noqa: E731
    start = 3 * normal(4, 2)
    chains = run(
        quartic, hmc.autograd_gradient(quartic), start, step_size=2.0, warmup_draws=0, draws=5
    )
    assert chains.diverging.all()
    assert torch.equal(chains.theta, start[:, None].expand(4, 5, 2))
    assert torch.equal(chains.acceptance_rate, torch.zeros(4, 5, dtype=torch.float64))
    assert chains.energy.isfinite().all()
    assert not run().diverging.any()


@pytest.mark.parametrize(("lost", "divergent"), [(999.0, False), (1001.0, True), (-1e6, False)])
def test_a_thousand_nats_of_energy_lost_are_a_divergence(lost, divergent):
    start = normal(4, 2)
    state = hmc.State(start, gaussian(start), gaussian_gradient(start))

    def trajectory(state, momentum, step, steps, metric):
        return state._replace(lp=state.lp - lost), momentum

    step = torch.full((4, 1), 0.1, dtype=torch.float64)
    drawn = next(stream(1, start, torch.Generator().manual_seed(0), jitter=True))
    _, info = hmc._transition(trajectory, state, step, 3, drawn)
    assert info.diverging.tolist() == [divergent] * 4


def test_ordinary_rejections_are_not_called_divergent():
    # Energy errors of tens of nats.
    stiff = lambda theta: -0.5 * theta.square().sum(-1)  # noqa: E731
    chains = run(
        stiff,
        hmc.autograd_gradient(stiff),
        torch.ones(4, 2, dtype=torch.float64),
        step_size=3.0,
        leapfrog_steps=1,
        jitter=0.0,
        warmup_draws=0,
        draws=3,
    )
    assert not chains.diverging.any()
    assert chains.acceptance_rate.median() < 0.01


def test_dual_averaging_takes_hoffman_and_gelmans_first_steps():
    # Their equation (6) with gamma 0.05, t0 10, kappa 0.75, mu = log(10 epsilon_1), by hand.
    averaging = hmc.DualAveraging(torch.tensor([0.1], dtype=torch.float64))
    first = averaging.update(torch.tensor([0.3], dtype=torch.float64))
    error = 0.3 / 11
    log_first = math.log(1.0) - error / 0.05
    assert float(first) == pytest.approx(math.exp(log_first), rel=1e-12)
    assert float(averaging.log_mean) == pytest.approx(log_first, rel=1e-12)
    second = averaging.update(torch.tensor([-0.2], dtype=torch.float64))
    error += (-0.2 - error) / 12
    log_second = -math.sqrt(2) / 0.05 * error
    assert float(second) == pytest.approx(math.exp(log_second), rel=1e-12)
    weight = 2**-0.75
    expected = (1 - weight) * log_first + weight * log_second
    assert float(averaging.log_mean) == pytest.approx(expected, rel=1e-12)
    pulled = hmc.DualAveraging(torch.tensor([0.1]), reach=2.0)
    assert float(pulled.centre) == pytest.approx(math.log(0.2))


def test_chains_adapt_alone_in_the_first_half_and_together_in_the_second():
    start = torch.full((3,), 0.1, dtype=torch.float64)
    adaptation = hmc.Adaptation(start, 0.8, transitions=5)
    accepted = torch.tensor([0.0, 0.9, 1.0], dtype=torch.float64)
    for transition in range(2):
        steps = adaptation.update(accepted, transition)
        assert len(steps.unique()) == 3
        assert steps[0] < steps[1] < steps[2]
    middle = adaptation.averaging.log_mean.median().exp()
    steps = adaptation.update(accepted, 2)
    # From the middle chain's step on: the count begins again, and the mean acceptance is 1.9 / 3.
    expected = 10 * middle * math.exp(-(0.8 - 1.9 / 3) / 11 / 0.05)
    assert steps.tolist() == pytest.approx([float(expected)] * 3, rel=1e-12)
    assert adaptation.settled() == pytest.approx(float(expected), rel=1e-12)
    assert adaptation.averaging.count == 1


def test_a_run_counts_its_gradients_and_its_length():
    chains = run(draws=3, warmup_draws=2, leapfrog_steps=4, step_size=0.25, jitter=0.1)
    # One at each start, then four a trajectory of each of 4 chains.
    assert chains.gradients == 4 * (1 + 4 * 5)
    assert chains.leapfrog_steps == 4
    assert chains.trajectory_length == 1.0
    assert chains.theta.shape == (4, 3, 2)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_step_size_adapts_to_the_posteriors_width_and_is_then_frozen(scale, steps):
    density = lambda theta: -0.5 * (theta / scale).square().sum(-1)  # noqa: E731
    gradient = lambda theta: -theta / scale**2  # noqa: E731
    chains = run(
        density,
        gradient,
        2 * scale * normal(20, 2),
        step_size=0.05,
        jitter=0.0,
        warmup_draws=300,
        target_acceptance=0.9,
        draws=200,
    )
    assert len(steps) == 500
    kept = torch.stack(steps[300:])
    assert torch.equal(kept, torch.full_like(kept, chains.step_size))
    assert len(torch.unique(torch.stack(steps[:300]))) > 300
    # Stability ends at two widths; 0.9 is asked of the mean, and met to the noise of adapting.
    assert 0.1 * scale < chains.step_size < 2 * scale
    assert 0.8 < float(chains.acceptance_rate.mean()) < 0.98
    assert not chains.diverging.any()
    values = chains.theta.numpy()[..., 0] ** 2 / scale**2
    error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
    assert abs(values.mean() - 1) < 4 * error


def test_kept_draws_use_the_settled_step_size_and_not_the_last_one_tried(monkeypatch, steps):
    monkeypatch.setattr(hmc.Adaptation, "settled", lambda self: 0.123)
    chains = run(jitter=0.0, target_acceptance=0.9, warmup_draws=20, draws=3)
    assert chains.step_size == 0.123
    kept = torch.stack(steps[20:])
    assert torch.equal(kept, torch.full_like(kept, 0.123))


def test_step_size_stays_as_given_without_a_target(steps):
    chains = run(step_size=0.05, jitter=0.0, warmup_draws=5, draws=5)
    assert chains.step_size == 0.05
    assert torch.equal(torch.stack(steps), torch.full((10, 4, 1), 0.05, dtype=torch.float64))


def test_jitter_scales_each_trajectory_of_each_chain(steps):
    run(step_size=0.05, jitter=0.2, draws=200, warmup_draws=0)
    factors = torch.stack(steps) / 0.05
    assert len(torch.unique(factors)) == factors.numel()
    # 800 uniform values: the extremes lie within a few 800ths of the ends.
    assert 0.8 <= float(factors.min()) < 0.81
    assert 1.19 < float(factors.max()) <= 1.2 + 1e-12


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_start_without_a_density_is_an_error(bad):
    start = normal(4, 2)
    start[2, 1] = bad
    with pytest.raises(ValueError, match="starts where the log density is not finite"):
        run(start=start)


def test_region_without_a_density_is_never_entered():
    # A half plane: NaN beyond. What lies there is rejected and counted as divergent.
    half = lambda theta: gaussian(theta) + torch.where(theta[:, 0] < 0.5, 0.0, math.nan)  # noqa: E731
    chains = run(half, gaussian_gradient, -normal(4, 2).abs())
    assert chains.theta[..., 0].max() < 0.5
    assert chains.lp.isfinite().all()
    assert chains.diverging.any()


def test_same_seed_gives_the_same_bits():
    first, again, other = run(seed=1), run(seed=1), run(seed=2)
    for column in ("theta", "lp", "energy", "acceptance_rate", "diverging"):
        assert torch.equal(getattr(first, column), getattr(again, column))
    assert first.step_size == again.step_size
    assert not torch.equal(first.theta, other.theta)


def test_transitions_leave_the_banana_invariant(banana):
    # Started from exact draws, a few transitions must leave exact draws: any fault in the accept
    # step shows. 20,000 chains: every moment within 4 standard errors of independent draws.
    exact = banana.exact()["moments"]
    start = torch.from_numpy(banana.exact_draws(20_000, np.random.default_rng(0)))
    chains = run(
        banana.log_density,
        banana.gradient,
        start,
        step_size=0.25,
        leapfrog_steps=5,
        draws=1,
        warmup_draws=4,
    )
    assert 0.2 < float(chains.acceptance_rate.mean()) < 0.9  # the accept step has work to do
    theta = chains.theta[:, 0].numpy()
    for name, function in banana.moments.items():
        values = function(theta)
        error = values.std() / math.sqrt(len(values))
        assert abs(values.mean() - exact[name]) < 4 * error, name
