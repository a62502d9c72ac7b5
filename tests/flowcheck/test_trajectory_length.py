"""Trajectory lengths: the jitter's sequence, and what is learnt from chains in a round Gaussian."""

import math

import pytest
import torch

from flowcheck.trajectory_length import RATE, TrajectoryLength, halton


def test_halton_fills_the_interval_evenly():
    assert [halton(i) for i in range(1, 8)] == [1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8, 3 / 8, 7 / 8]
    assert sorted(halton(i) for i in range(1, 1024)) == [i / 1024 for i in range(1, 1024)]


def test_trajectories_take_their_shares_in_the_sequences_order():
    trajectory = TrajectoryLength(8.0)
    assert [trajectory.share(i) for i in range(3)] == pytest.approx([4.0, 2.0, 6.0])


@pytest.mark.parametrize("first", [0.5, 30.0])
def test_length_finds_the_round_gaussians(first):
    # Exact motion in N(0, I): theta cos t + p sin t. With t uniform on (0, T) the expected change
    # of the squared radius grows as the mean of sin(t)^2, whose gradient in log T is proportional
    # to the mean of t sin(2 t): zero at tan(2 T) = 2 T, first at T = 2.25.
    trajectory, generator = TrajectoryLength(first), torch.Generator().manual_seed(0)
    lengths = []
    for transition in range(1500):
        theta, momentum = torch.randn(2, 200, 5, generator=generator, dtype=torch.float64)
        t = trajectory.share(transition)
        after = theta * math.cos(t) + momentum * math.sin(t)
        last = momentum * math.cos(t) - theta * math.sin(t)
        trajectory.update(theta, after, last, torch.ones(200, dtype=torch.float64), t)
        trajectory.hold_within(0.1, 100.0)
        lengths.append(trajectory.length)
    settled = sum(lengths[-300:]) / 300
    if first < 1:  # far above, the criterion has other maxima, each a little lower
        assert settled == pytest.approx(2.25, rel=0.1)
    assert 0.1 < settled < 100


def test_proposals_that_are_not_finite_teach_nothing():
    trajectory = TrajectoryLength(1.0)
    bad = torch.full((4, 2), math.nan, dtype=torch.float64)
    trajectory.update(torch.ones_like(bad), bad, bad, torch.zeros(4, dtype=torch.float64), 0.5)
    assert trajectory.length == 1.0


def test_length_is_held():
    trajectory = TrajectoryLength(5.0)
    trajectory.hold_within(0.1, 2.0)
    assert trajectory.length == pytest.approx(2.0)
    trajectory.hold_within(3.0, 4.0)
    assert trajectory.length == pytest.approx(3.0)
    trajectory.raise_to(3.5)
    trajectory.raise_to(1.0)
    assert trajectory.length == pytest.approx(3.5)


def test_the_first_transition_moves_the_length_by_one_rate():
    # Whatever the gradient's size: it is divided by itself.
    generator = torch.Generator().manual_seed(1)
    before, momentum = torch.randn(2, 50, 3, generator=generator, dtype=torch.float64)
    trajectory = TrajectoryLength(1.0)
    trajectory.update(before, before + momentum, momentum, torch.ones(50).double(), 1.0)
    assert abs(math.log(trajectory.length)) == pytest.approx(RATE)


def test_two_transitions_of_two_chains_by_hand():
    trajectory = TrajectoryLength(2.0)

    def update(acceptance, taken):
        # In one dimension, from 0 and 2 to 4 and -1: the mean start is 1.
        before, after, momentum = torch.tensor([[0.0, 2.0], [4.0, -1.0], [0.5, 3.0]]).double()
        columns = (before[:, None], after[:, None], momentum[:, None])
        trajectory.update(*columns, torch.tensor(acceptance, dtype=torch.float64), taken)

    # Weights 3/4 and 1/4, mean end 2.75, ends 1.25 and -3.75 from it, starts 1 from theirs:
    # 0.5 (3/4 (1.25^2 - 1) (1.25 * 0.5) + 1/4 (3.75^2 - 1) (-3.75 * 3)).
    update([0.9, 0.3], 0.5)
    first = 0.5 * (0.75 * 0.5625 * 0.625 - 0.25 * 13.0625 * 11.25)
    # Then one chain alone has a use: it ends where the mean is, and the gradient is 0.
    update([0.7, 0.0], 0.25)
    moved = RATE * first / abs(first)
    assert math.log(trajectory.length / 2) == pytest.approx(moved, rel=1e-12)
    # Evenly weighted, mean end 1.5. The squares of all three gradients count, the last by most.
    update([0.3, 0.3], 1.0)
    third = 0.5 * ((2.5**2 - 1) * 2.5 * 0.5 + (2.5**2 - 1) * -2.5 * 3)
    root = math.sqrt((0.95**2 * 0.05 * first**2 + 0.05 * third**2) / (1 - 0.95**3))
    moved += RATE * third / root
    assert math.log(trajectory.length / 2) == pytest.approx(moved, rel=1e-12)
