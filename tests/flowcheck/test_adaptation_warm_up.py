"""What the warm-up learns from one transition or one window, of chains in a round Gaussian."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from flowcheck import adaptation
from flowcheck.adaptation import QUARTER, Proposal, Settings
from flowcheck.noise import Noise
from flowcheck.trajectories import State
from flowcheck.trajectory_length import TrajectoryLength

QUICK = Settings(chains=16, warmup_draws=100, draws=50)


def sampler_of(chains=3, dim=2, settings=QUICK):
    """A sampler at the start of its warm-up, in a round Gaussian."""
    unit = lambda theta: (-0.5 * theta.square().sum(-1), -theta)  # noqa: E731
    generator = torch.Generator().manual_seed(0)
    init = torch.randn(chains, dim, generator=generator, dtype=torch.float64)
    return adaptation._Sampler(unit, State(init, *unit(init)), settings, generator, print)


def test_the_search_for_a_step_goes_by_its_factor_until_acceptance_is_neither():
    # Of acceptance exp(-c size): each chain alone from 0.1, into [0.5, 0.95], so that c size lies
    # between 0.051 and 0.693; all together from 0.5, into [0.7, 0.95], so between 0.051 and 0.357.
    sampler = sampler_of()
    sampler._try = lambda size: (-torch.tensor([0.01, 1.0, 100.0]).double() * size).exp()
    alone = sampler._each_chains_step(0.1)
    expected = [0.1 * 1.5**10, 0.1, 0.1 / 1.5**7]
    assert alone.tolist() == pytest.approx(expected, rel=1e-12)
    for c, together in ((0.1, 0.5 * 1.5), (0.5, 0.5), (10.0, 0.5 / 1.5**7)):
        sampler._try = lambda size, c=c: (-c * size).exp()
        assert sampler._one_step(0.5).tolist() == pytest.approx([together] * 3, rel=1e-12)


def test_trajectories_stay_between_one_step_and_the_most():
    sampler = sampler_of(settings=dataclasses.replace(QUICK, max_leapfrog=7))
    nowhere = Proposal(sampler.state.theta, torch.zeros(3, 2).double(), torch.ones(3).double())
    for length, steps in ((1e3, 7), (1e-6, 1), (2.5 * sampler.step, 2.5)):
        sampler.trajectory = TrajectoryLength(length)
        # Nothing moved and nothing is learnt: what is left is the hold.
        sampler._learn_length(sampler.state.theta, nowhere, 1.0)
        assert sampler.trajectory.length == pytest.approx(steps * sampler.step, rel=1e-12)


@pytest.mark.parametrize(
    ("transition", "dense", "pays", "compiles"),
    [(40, False, True, True), (40, True, True, False), (29, False, True, False),
     (30, False, True, True), (40, False, False, False)],
)  # fmt: skip
def test_what_is_left_is_compiled_where_it_pays_and_the_metric_has_its_kind(
    monkeypatch, transition, dense, pays, compiles
):
    asked, sampler = [], sampler_of()
    monkeypatch.setattr(adaptation, "pays", lambda count, **_: asked.append(count) or pays)
    monkeypatch.setattr(adaptation, "compiled", lambda *_: "compiled")
    # The metric is still a diagonal; trajectories took three steps on average.
    sampler.dense, sampler.steps = dense, [2, 4, 3]
    sampler._compile_if_it_pays(transition)
    assert (sampler.go == "compiled") is compiles
    assert sampler.eager is not compiles
    # Of 100 transitions and 50 draws.
    assert asked == ([3 * (150 - transition)] if transition >= 30 and not dense else [])
    assert sampler.steps == []


def test_chains_alone_take_one_five_and_nine_steps_in_turn():
    sampler, flags = sampler_of(), []
    learn = sampler._learn_step
    sampler._learn_step = lambda accepted, alone: flags.append(alone) or learn(accepted, alone)
    for transition in range(14):
        sampler.warm_up(transition)
        if transition == 4:  # the first window ends with the sixth
            assert sampler.steps == [1, 5, 9, 1, 5]
    # An eighth of the 100 transitions of the warm-up.
    assert flags == [True] * 12 + [False] * 2


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_trajectories_span_a_quarter_of_the_widest_motion_and_no_less_than_of_two(correlation):
    sampler = sampler_of(dim=8, settings=dataclasses.replace(QUICK, metric="diagonal"))
    covariance = torch.full((8, 8), correlation).double().fill_diagonal_(1.0)
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(400, 8, generator=generator, dtype=torch.float64)
    theta = 5 + z @ torch.linalg.cholesky(covariance).mT
    gradient = -(theta - 5) @ torch.linalg.inv(covariance)
    halves = zip(theta.split(200), gradient.split(200), strict=True)
    sampler.window = [State(one, one[:, 0], slope) for one, slope in halves]
    sampler.steps = [1]
    sampler._learn_metric(50)
    # A diagonal leaves the correlation: the variance along the diagonal is 1 + 7 times it, in units
    # of the metric's scales. The largest singular value is the spread in the widest direction.
    whitened = sampler.metric.whiten(theta).numpy()
    values = np.linalg.svd(whitened - whitened.mean(0), compute_uv=False)
    widest = values[0] / math.sqrt(399)
    assert widest > 2 if correlation else widest < 2
    assert sampler.widest == pytest.approx(widest, rel=1e-9)
    assert sampler.trajectory.length == pytest.approx(QUARTER * max(2, widest), rel=1e-9)
    assert sampler.window == []


@pytest.mark.parametrize(("learnt", "kept"), [(0.1, 3 * QUARTER), (9.0, 9.0)])
def test_the_end_of_the_warm_up_takes_averages_and_no_shorter_a_trajectory(learnt, kept):
    sampler = sampler_of()
    sampler.trajectory, sampler.widest, sampler.steps = TrajectoryLength(learnt), 3.0, [1]
    sampler.averaging.log_mean = torch.tensor([0.1, 0.2, 0.4]).double().log()
    sampler._freeze()
    # The geometric mean of the chains' averages, for all of them.
    assert sampler.step_size.tolist() == pytest.approx([0.2] * 3, rel=1e-7)
    assert sampler.step == pytest.approx(0.2, rel=1e-7)
    assert sampler.trajectory.length == pytest.approx(kept, rel=1e-12)


def test_acceptance_of_all_is_their_harmonic_mean_and_a_stuck_chain_counts_a_thousandth():
    sampler, seen = sampler_of(), []
    sampler.averaging.update = lambda error: seen.append(0.8 - error) or sampler.step_size
    acceptance = torch.tensor([1.0, 0.5, 0.0]).double()
    sampler._learn_step(acceptance, alone=True)
    sampler._learn_step(acceptance, alone=False)
    assert seen[0].tolist() == pytest.approx([1.0, 0.5, 0.0], rel=1e-12, abs=1e-12)
    assert seen[1].tolist() == pytest.approx([3 / (1 + 2 + 1000)] * 3, rel=1e-9)


def test_a_transition_is_accepted_at_most_for_sure_and_by_what_the_energy_rises():
    sampler = sampler_of(chains=200)
    before, momentum = sampler.state, torch.zeros(200, 2, dtype=torch.float64)
    rise = torch.linspace(-2.0, 3.0, 200, dtype=torch.float64)
    end = before._replace(lp=before.lp - rise)
    sampler.go = lambda *_: (end, momentum)
    sampler.noise = iter([Noise(None, momentum, torch.full((200,), -1.0))])
    info, *_ = sampler._transition(1.0)
    torch.testing.assert_close(info.acceptance_rate, torch.exp(-rise.clamp(min=0)))
    # The uniform number is exp(-1): accepted is what rises by less than one.
    torch.testing.assert_close(info.lp, torch.where(rise < 1, end.lp, before.lp))
