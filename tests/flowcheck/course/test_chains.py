"""What the published sampler's habits do, against simulation and exact values."""

import math

import numpy as np
import pytest
import torch

from flowcheck.course import chains

STEP, STEPS = 0.9, 3  # coarse, so that much is rejected and the effects are large


def by_name(rows):
    return {row.measured: row for row in rows}


def test_accepted_only_agrees_with_a_chain_that_drops_its_rejections():
    # A normal and a quartic coordinate: the quartic's steep sides reject coarse trajectories. The
    # states that chains move to must have the moments that the exact draws predict.
    def log_density(x):
        return -0.5 * x[..., 0] ** 2 - 0.25 * x[..., 1] ** 4

    def gradient(x):
        return torch.stack([-x[..., 0], -(x[..., 1] ** 3)], -1)

    rng = np.random.default_rng(1)

    def exact():
        # x^4 / 4 has a gamma law of shape 1 / 4.
        quartic = (4 * rng.gamma(0.25, size=4000)) ** 0.25 * rng.choice([-1, 1], 4000)
        return torch.from_numpy(np.stack([rng.standard_normal(4000), quartic], -1))

    generator = torch.Generator().manual_seed(1)
    draws = exact()
    rows = by_name(chains.accepted_only(log_density, gradient, draws, 20, STEP, STEPS, generator))
    predicted = rows["bias of E theta2^2"]

    x, kept = exact(), []
    for _ in range(60):
        momentum = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        end, last = x, momentum + 0.5 * STEP * gradient(x)
        for step in range(STEPS):
            end = end + STEP * last
            last = last + (STEP if step < STEPS - 1 else 0.5 * STEP) * gradient(end)
        change = log_density(end) - log_density(x)
        change -= 0.5 * (last.square() - momentum.square()).sum(-1)
        accepted = torch.rand(len(x), generator=generator, dtype=x.dtype).log() < change
        # A rejected chain tries again: its kept states are those after an acceptance.
        x = torch.where(accepted[:, None], end, x)
        kept.append(torch.where(accepted, x[:, 1].square(), torch.nan))
    # One ratio of sums over 4,000 independent chains.
    sums, counts = torch.stack(kept).nansum(0), torch.stack(kept).isfinite().sum(0)
    mean = float(sums.sum() / counts.sum())
    error = float((sums - mean * counts).std()) / math.sqrt(4000) / float(counts.double().mean())
    bias = mean - 2 * math.gamma(0.75) / math.gamma(0.25)  # E x^2 of exp(-x^4 / 4)
    error = math.hypot(error, predicted.se)
    assert abs(bias - predicted.size) < 4 * error
    assert abs(predicted.size) > 8 * predicted.se  # there is something to find
    assert 0.05 < rows["share of trajectories rejected"].size < 0.6


def test_nothing_is_biased_where_nothing_is_rejected(banana):
    draws = torch.from_numpy(banana.exact_draws(500, np.random.default_rng(0)))
    rows = chains.accepted_only(
        banana.log_density, banana.gradient, draws, 4, 1e-4, 5, torch.Generator().manual_seed(0)
    )
    for row in rows:
        assert abs(row.size) < 1e-5, row.measured


def test_the_kept_start_has_its_exact_values():
    rows = chains.kept_start(-224.366817, -209.896235, 0.4066241652860)
    assert rows[0].size == pytest.approx(-14.471, abs=1e-3)
    assert rows[1].size == pytest.approx(-4.066e-5, rel=1e-4)
    assert all(row.se == 0 for row in rows)


def test_shrinking_length_agrees_with_simulation():
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(20_000):
        length, draws = 100, 0
        while length > 1:
            length, draws = int(rng.integers(1, length + 1)), draws + 1
        counts.append(draws)
    error = np.std(counts) / math.sqrt(len(counts))
    assert chains.draws_until_one(100) == pytest.approx(np.mean(counts), abs=4 * error)
    assert chains.draws_until_one(1) == 0.0
    assert chains.draws_until_one(2) == 2.0


def test_what_a_chain_is_worth():
    # An autoregression of coefficient a is worth (1 - a) / (1 + a) of its draws.
    rng, a = np.random.default_rng(0), 0.5
    theta = np.empty((4, 20_000, 2))
    theta[:, 0] = rng.standard_normal((4, 2))
    noise = np.sqrt(1 - a**2) * rng.standard_normal(theta.shape)
    for t in range(1, theta.shape[1]):
        theta[:, t] = a * theta[:, t - 1] + noise[:, t]
    found = chains.worth(theta, np.full((4, 20_000), 0.75))
    assert found["draws"] == 80_000
    assert found["acceptance_rate"] == 0.75
    # The estimate scatters by a few per cent; the square forgets with a^2.
    assert found["effective"]["theta1"] == pytest.approx(80_000 * (1 - a) / (1 + a), rel=0.1)
    square = 80_000 * (1 - a**2) / (1 + a**2)
    assert found["effective"]["theta2^2"] == pytest.approx(square, rel=0.1)
