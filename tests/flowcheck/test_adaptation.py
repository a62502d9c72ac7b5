"""HMC that tunes itself: right moments, all frozen after warm-up, verdicts as they should be."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from arviz_stats.base import array_stats

from flowcheck import adaptation
from flowcheck import trajectories as module
from flowcheck.adaptation import Settings, window_ends
from flowcheck.evaluating import starts
from flowcheck.trajectories import State
from flowcheck.verdict import MOMENT_LIMIT, judge
from tests import posteriors

QUICK = Settings(chains=16, warmup_draws=100, draws=50)


def run(example, settings=QUICK, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    shape = (settings.chains, example.dim)
    draw = lambda: 4 * torch.rand(shape, generator=generator, dtype=torch.float64) - 2  # noqa: E731
    init = starts(example.value_and_gradient, draw).to(dtype)
    return adaptation.sample(example.value_and_gradient, init, settings, generator)


def verdict(chains):
    parts = (chains.theta, chains.lp, chains.energy, chains.diverging)
    return judge(*(part.numpy() for part in parts), moments={}, exact_moments={})


def failed(result):
    return {name for name, check in result["checks"].items() if check["passed"] is False}


def largest_error(chains, example) -> float:
    """Of all means and second central moments, in Monte Carlo standard errors."""
    theta, errors = chains.theta.numpy(), []
    for i, (mean, sd) in enumerate(zip(example.mean, example.sd, strict=True)):
        for values, exact in ((theta[..., i], mean), ((theta[..., i] - mean) ** 2, sd**2)):
            error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
            errors.append(abs(values.mean() - exact) / error)
    return max(errors)


@pytest.fixture
def trajectories(monkeypatch):
    """The step sizes and numbers of steps of every trajectory of the runs that follow."""
    seen, original = [], module.leapfrog

    def recording(gradient, theta, momentum, grad, step, steps):
        seen.append((step.flatten().clone(), steps))
        return original(gradient, theta, momentum, grad, step, steps)

    monkeypatch.setattr(module, "leapfrog", recording)
    return seen


@pytest.mark.parametrize("name", ["AR(5)", "Gaussian"])
def test_passes_with_every_moment_right(name):
    example = posteriors.example(name)
    chains = run(example, Settings(draws=500))
    result = verdict(chains)
    assert failed(result) == set()
    assert largest_error(chains, example) < MOMENT_LIMIT
    assert chains.acceptance_rate.mean() > 0.75


def test_modes_far_apart_fail():
    result = verdict(run(posteriors.example("mixture"), Settings(warmup_draws=200, draws=300)))
    assert {"rhat", "ess_bulk"} <= failed(result)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", posteriors.PASS)
def test_default_settings_pass(name, seed):
    example = posteriors.example(name)
    chains = run(example, Settings(), seed)
    assert failed(verdict(chains)) == set()
    if example.mean is not None:
        assert largest_error(chains, example) < MOMENT_LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", posteriors.FAIL)
def test_default_settings_fail(name, seed):
    result = verdict(run(posteriors.example(name), Settings(), seed))
    expected = {"ebfmi"} if name in ("centred schools", "funnel") else {"rhat", "ess_bulk"}
    assert expected <= failed(result)


def test_everything_is_frozen_after_warm_up(trajectories):
    chains = run(posteriors.gaussian(6))
    kept = trajectories[-QUICK.draws :]
    assert all(torch.equal(step, torch.full_like(step, chains.step_size)) for step, _ in kept)
    # The number of steps still varies, by the jitter alone.
    longest = math.ceil(chains.trajectory_length / chains.step_size)
    assert 1 < len({steps for _, steps in kept}) <= longest
    assert chains.leapfrog_steps == np.mean([steps for _, steps in kept])
    assert chains.gradients == QUICK.chains * (1 + sum(steps for _, steps in trajectories))
    assert chains.metric.shape == (6, 6)


@pytest.mark.parametrize("sd", [1e-3, 1.0, 1e3])
def test_every_chain_starts_with_a_step_for_its_scale(sd):
    def normal(theta):
        return -0.5 * (theta / sd).square().sum(-1), -theta / sd**2

    init = sd * torch.randn(16, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    state = State(init, *normal(init))
    sampler = adaptation._Sampler(normal, state, QUICK, torch.Generator().manual_seed(0), print)
    # Leapfrog is stable up to 2; one step of 0.5 is accepted by more than 0.95 on average.
    assert float(sampler.step_size.min() / sd) > 0.3
    assert float(sampler.step_size.max() / sd) < 4


def test_each_window_ends_with_a_search_for_a_step_and_the_warm_up_with_their_average(monkeypatch):
    searches, averages = [], []
    one_step, freeze = adaptation._Sampler._one_step, adaptation._Sampler._freeze
    monkeypatch.setattr(
        adaptation._Sampler,
        "_one_step",
        lambda self, step: searches.append(step) or one_step(self, step),
    )
    monkeypatch.setattr(
        adaptation._Sampler,
        "_freeze",
        lambda self: averages.append(self.averaging.log_mean.mean().exp()) or freeze(self),
    )
    chains = run(posteriors.gaussian(6))
    late = [end for end in window_ends(QUICK.warmup_draws) if end >= QUICK.warmup_draws // 8]
    assert len(searches) == len(late) > 0
    assert averages == [chains.step_size]


def test_no_window_of_a_short_warm_up_is_empty():
    for warmup in range(60):
        ends = window_ends(warmup)
        assert ends == sorted(set(ends) - {0}), warmup


def test_last_part_of_the_warm_up_leaves_the_metric_alone():
    for warmup in (100, 500, 1000):
        ends = window_ends(warmup)
        assert ends == sorted(set(ends))
        assert ends[-1] == int(0.85 * warmup)
        lengths = np.diff(ends[1:])
        assert (np.diff(lengths) > 0).all()
    assert all(end <= 0.85 * 20 for end in window_ends(20))


def test_rejected_states_are_kept_with_their_own_density():
    example = posteriors.example("AR(5)")
    chains = run(example, dataclasses.replace(QUICK, target_acceptance=0.5, draws=200))
    repeated = (chains.theta[:, 1:] == chains.theta[:, :-1]).all(-1)
    assert 0.01 < float(repeated.double().mean()) < 0.9
    torch.testing.assert_close(chains.lp, example.log_density(chains.theta))
    # The kinetic energy of seven standard normal momenta; 4 standard errors of 3,200 are 0.26.
    kinetic = (chains.energy + chains.lp).mean()
    assert float(kinetic) == pytest.approx(3.5, abs=0.26)


def test_same_seed_gives_the_same_bits():
    example = posteriors.gaussian(3)
    first, again, other = run(example), run(example), run(example, seed=1)
    for name in adaptation.Info._fields:
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert torch.equal(first.theta, again.theta)
    assert not torch.equal(first.theta, other.theta)


@pytest.mark.parametrize(("metric", "shape"), [("diagonal", (4,)), ("dense", (4, 4))])
def test_metric_is_as_asked(metric, shape):
    settings = dataclasses.replace(QUICK, metric=metric)
    assert run(posteriors.gaussian(4), settings).metric.shape == shape


def test_many_dimensions_get_a_diagonal(monkeypatch):
    monkeypatch.setattr(adaptation, "DENSE_UP_TO", 3)
    assert run(posteriors.gaussian(4)).metric.shape == (4,)
    assert run(posteriors.gaussian(3)).metric.shape == (3, 3)


def test_trajectories_are_no_longer_than_allowed(trajectories):
    run(posteriors.example("funnel"), dataclasses.replace(QUICK, max_leapfrog=7))
    assert max(steps for _, steps in trajectories) == 7


def test_one_dimension():
    unit = lambda theta: (-0.5 * theta.square().sum(-1), -theta)  # noqa: E731
    init = torch.linspace(-2, 2, 16, dtype=torch.float64).unsqueeze(1)
    chains = adaptation.sample(unit, init, QUICK, torch.Generator().manual_seed(0))
    # At least some 400 of the 800 draws count, so the variance has an error of 0.07.
    assert float(chains.theta.var()) == pytest.approx(1.0, abs=0.3)


def test_region_without_a_density_is_never_entered():
    def half(theta):
        value = torch.where(theta[:, 0] < 0.5, -0.5 * theta.square().sum(-1), math.nan)
        return value, -theta

    init = -torch.rand(16, 2, dtype=torch.float64)
    chains = adaptation.sample(half, init, QUICK, torch.Generator().manual_seed(0))
    assert chains.theta[..., 0].max() < 0.5
    assert chains.diverging.any()


def test_start_without_a_gradient_is_an_error():
    nowhere = lambda theta: (theta.sum(-1), theta * math.nan)  # noqa: E731
    with pytest.raises(ValueError, match="or its gradient is not finite"):
        adaptation.sample(nowhere, torch.zeros(4, 2), QUICK, torch.Generator())


def test_misspelt_metric_is_an_error():
    with pytest.raises(ValueError, match="'full': it should be auto, diagonal or dense"):
        Settings(metric="full")


@pytest.mark.parametrize(
    ("warmup_draws", "ends"),
    [(500, [31, 62, 103, 185, 425]), (1000, [62, 125, 208, 374, 850]), (40, [2, 5, 34])],
)
def test_windows_double_and_leave_the_last_part_alone(warmup_draws, ends):
    # A sixteenth, an eighth, then windows of a twelfth and its doubles, up to 85 %; the last takes
    # what is too short for one of its own.
    assert window_ends(warmup_draws) == ends
