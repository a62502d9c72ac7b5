"""What a training leaves of its course: a thinned ELBO, and parameters at powers of ten."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.histories import powers_of_ten, snapshot_iterations, snapshots_of, thinned
from flowcheck.training import Recipe, train

CPU = torch.device("cpu")
RECIPE = Recipe(
    iterations=1010,
    samples=8,
    learning_rate=0.03,
    schedule="constant",
    warmup=0,
    clip=10.0,
    weight_decay=0.0,
    gradient="total",
    ema_decay=None,
    init="near_identity",
)


@pytest.mark.parametrize("total", [1, 2, 9, 99, 100, 101, 200, 1234, 10_000, 99_999])
def test_thinned_history_keeps_the_last_iteration_and_every_estimate_once(total):
    elbo = torch.randn(total, 3, generator=torch.Generator().manual_seed(0))
    kept, means = thinned(elbo)
    assert kept[0] == 1
    assert kept[-1] == total
    assert np.all(np.diff(kept) > 0)
    assert means.shape == (len(kept), 3)
    assert len(kept) <= 1 + 25 * max(1, math.log10(total))
    starts = [0, *kept[:-1]]
    for row, (start, end) in enumerate(zip(starts, kept, strict=True)):
        expected = elbo[start:end].double().mean(0).numpy()
        assert means[row] == pytest.approx(expected, abs=1e-12)  # rounding of 1e4 additions


def test_thinned_history_shows_what_is_not_finite_where_it_was():
    elbo = torch.zeros(1000, 2)
    elbo[500, 1] = math.nan
    kept, means = thinned(elbo)
    assert np.isfinite(means[:, 0]).all()
    bad = np.flatnonzero(~np.isfinite(means[:, 1]))
    assert len(bad) == 1
    assert kept[bad[0] - 1] <= 500 < kept[bad[0]]


@pytest.mark.parametrize(
    ("iterations", "taken", "shown"),
    [
        (1, [0, 1], [1]),
        (9, [0, 1, 2, 3, 4, 6, 9], [1, 9]),
        (10, [0, 1, 2, 3, 4, 6, 10], [1, 10]),
        (450, [0, 1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 158, 251, 398, 450], [1, 10, 100, 450]),
    ],
)
def test_snapshots_are_spread_over_the_powers_of_ten(iterations, taken, shown):
    assert sorted(snapshot_iterations(iterations)) == taken
    assert list(powers_of_ten(dict.fromkeys(taken))) == shown


@pytest.mark.parametrize("power", range(7))
def test_every_power_of_ten_has_a_snapshot(power):
    assert {10**done for done in range(power + 1)} <= snapshot_iterations(10**power)


def test_snapshots_are_read_in_the_order_of_their_iterations():
    stored = {"10/a": 1, "10/b": 2, "2/a": 3, "2/b": 4}
    found = snapshots_of(stored)
    assert list(found.items()) == [(2, {"a": 3, "b": 4}), (10, {"a": 1, "b": 2})]


def run(seeds, **changes):
    flow = make_flow("nice", 2, {"blocks": 1, "hidden": [4], "activation": "silu"})
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    recipe = dataclasses.replace(RECIPE, **changes)
    return train(flow, lambda x: -0.5 * (x - 1).square().sum(-1), recipe, generators, CPU)


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_a_snapshot_is_what_a_training_of_that_length_ends_with(ema_decay):
    # With a constant rate the first steps of a long training are those of a short one.
    whole = run((0, 1), ema_decay=ema_decay)
    assert set(whole.snapshots) == snapshot_iterations(1010)
    for done in (1, 10, 100):
        short = run((0, 1), ema_decay=ema_decay, iterations=done)
        assert set(whole.snapshots[done]) == set(short.params)
        for name, value in short.params.items():
            # Noise comes in chunks, and a short chunk holds other numbers after the first steps
            # unless it is whole: 100 steps agree in bits, as the first replicate's 1 and 10 do not.
            if done == 100:
                assert torch.equal(whole.snapshots[done][name], value[0]), name
    for name, value in whole.params.items():
        assert torch.equal(whole.snapshots[1010][name], value[0]), name


def test_snapshots_are_copies():
    taken = run((3,), iterations=20).snapshots
    first, last = (torch.cat([v.flatten() for v in taken[done].values()]) for done in (1, 20))
    assert not torch.equal(first, last)
