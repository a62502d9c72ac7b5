"""Flows fitted to draws: likelier than a Gaussian where that is too simple, never overfitted."""

import math

import numpy as np
import torch

from flowcheck.flows import make_flow
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.likelihood import fit_by_likelihood

SMALL = {"blocks": 2, "hidden": [16, 16], "activation": "silu", "scale_bound": 2.0}


def bent(n: int, seed: int) -> torch.Tensor:
    """Draws of x ~ N(0, 1), y ~ N(x^2 - 1, 1 / 4), whose entropy is known."""
    z = np.random.default_rng(seed).standard_normal((n, 2))
    return torch.from_numpy(np.stack([z[:, 0], z[:, 0] ** 2 - 1 + 0.5 * z[:, 1]], -1))


def test_likelihood_nears_the_entropy(monkeypatch):
    monkeypatch.setattr("flowcheck.likelihood.STEPS", 600)
    flow = make_flow("realnvp", 2, SMALL)
    params = fit_by_likelihood(flow, bent(8000, 0), bent(1000, 1), torch.Generator().manual_seed(0))
    fresh = bent(20_000, 2)
    lost = -(1 + math.log(2 * math.pi) + math.log(0.5)) - float(flow.log_prob(params, fresh).mean())
    # KL(p|q). Of any Gaussian it is at least log sqrt(1 + 2 / 0.25) = 1.1; the sample's own
    # entropy is known to 1 / sqrt(20,000) = 0.007.
    assert -0.03 < lost < 0.1
    assert all(value.dtype == torch.float64 for value in params.values())


def test_few_draws_are_not_overfitted():
    flow = make_flow("realnvp", 4, SMALL)
    normal = torch.randn(2040, 4, generator=torch.Generator().manual_seed(0)).double()
    params = fit_by_likelihood(flow, normal[:40], normal[40:], torch.Generator().manual_seed(0))
    # The start, the identity, is the truth here, and is itself among what is kept.
    start = float(standard_normal_log_prob(normal[40:]).mean())
    assert float(flow.log_prob(params, normal[40:]).mean()) >= start - 1e-4


def test_fit_depends_on_the_generator_alone(monkeypatch):
    monkeypatch.setattr("flowcheck.likelihood.STEPS", 20)
    flow = make_flow("realnvp", 2, SMALL)
    fits = [
        fit_by_likelihood(flow, bent(500, 0), bent(100, 1), torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    assert all(torch.equal(fits[0][name], fits[1][name]) for name in fits[0])
    assert not all(torch.equal(fits[0][name], fits[2][name]) for name in fits[0])


def test_training_ends_six_looks_after_the_best():
    # 40 draws are soon learnt by heart; every fifty steps the others are looked at.
    flow, looks = make_flow("realnvp", 4, SMALL), []
    normal = torch.randn(2040, 4, generator=torch.Generator().manual_seed(0)).double()

    class Watched:
        batches = 0

        def initial(self, *arguments):
            return flow.initial(*arguments)

        def log_prob(self, params, x):
            found = flow.log_prob(params, x)
            if len(x) == 2000:
                looks.append((self.batches, float(found.mean())))
            self.batches += len(x) != 2000
            return found

    fit_by_likelihood(Watched(), normal[:40], normal[40:], torch.Generator().manual_seed(0))
    assert [steps for steps, _ in looks] == list(range(0, 50 * len(looks), 50))
    values = [value for _, value in looks]
    assert len(values) == values.index(max(values)) + 7
