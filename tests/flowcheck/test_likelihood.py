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


def test_each_step_is_adams_on_a_batch_with_the_cosine(monkeypatch):
    monkeypatch.setattr("flowcheck.likelihood.STEPS", 6)
    flow, draws = make_flow("realnvp", 2, SMALL), bent(500, 0)
    found = fit_by_likelihood(flow, draws, bent(400, 1), torch.Generator().manual_seed(0))
    # The same by an optimiser and a schedule of PyTorch's. Far from the draws each step is likelier
    # than the one before, so that the last is kept.
    generator = torch.Generator().manual_seed(0)
    params = flow.initial(generator, "near_identity")
    params = {name: value.clone().requires_grad_() for name, value in params.items()}
    adam = torch.optim.Adam(params.values(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 6)
    for _ in range(6):
        batch = draws.float()[torch.randint(500, (512,), generator=generator)]
        adam.zero_grad()
        (-flow.log_prob(params, batch).mean()).backward()
        adam.step()
        schedule.step()
    for name, value in params.items():
        # float32; a step moves by up to 2e-3, of which a fused step rounds otherwise.
        torch.testing.assert_close(found[name].float(), value.detach(), rtol=1e-5, atol=1e-6)


def test_the_last_step_is_looked_at_and_none_comes_after(monkeypatch):
    monkeypatch.setattr("flowcheck.likelihood.STEPS", 120)
    flow, held_out, seen = make_flow("realnvp", 2, SMALL), bent(100, 1), []

    class Watched:
        initial = staticmethod(flow.initial)

        def log_prob(self, params, x):
            seen.append(len(x))
            return flow.log_prob(params, x)

    fit_by_likelihood(Watched(), bent(500, 0), held_out, torch.Generator().manual_seed(0))
    # Each look is at the 100 draws held out, each step at a batch of 512.
    looks = [place for place, size in enumerate(seen) if size == 100]
    assert [place - before for before, place in enumerate(looks)] == [0, 50, 100, 120]
    assert len(seen) == 120 + len(looks)


def test_a_likelihood_that_stands_still_has_not_risen():
    looks = []

    class Still:
        def initial(self, *_):
            return {"a": torch.zeros(1)}

        def log_prob(self, params, x):
            looks.append(len(x) == 5)
            return 0 * params["a"] + 0 * x.sum(-1)

    draws = torch.zeros(9, 2)
    fit_by_likelihood(Still(), draws, draws[:5], torch.Generator().manual_seed(0))
    # The first look, and six that saw nothing better.
    assert sum(looks) == 7
