"""The evidence from a chain: right where it can be, disputed where a mode is missing."""

import numpy as np
import pytest
import torch

from flowcheck import evidence
from flowcheck.bridge import Normaliser
from flowcheck.evidence import BY_FLOW, BY_GAUSSIAN, BY_MIXTURE, disagreement, estimate
from flowcheck.gaussian import Gaussian
from flowcheck.pathfinder import Path
from tests.flowcheck.densities import Density, mixture, mixture_draws, normal


@pytest.fixture(autouse=True)
def _smaller(monkeypatch):
    """Smaller flows and fewer steps: errors grow, and what is asked is within them."""
    monkeypatch.setattr(evidence, "BLOCKS", 2)
    monkeypatch.setattr(evidence, "HIDDEN", [16, 16])
    monkeypatch.setattr(evidence, "DRAWS", 4000)
    monkeypatch.setattr(evidence, "REFINING_STEPS", 300)
    monkeypatch.setattr("flowcheck.likelihood.STEPS", 300)


def within(found: dict, log_evidence: float) -> bool:
    errors = [abs(e["value"] - log_evidence) - 4 * e["se"] for e in found["estimates"]]
    return max(errors) < 0.0005


@pytest.mark.parametrize("seed", range(3))
def test_gaussian(seed):
    posterior, factor = normal(5, sds=np.geomspace(0.1, 10, 5), correlation=0.9, log_evidence=-20)
    draws = np.random.default_rng(seed).standard_normal((8, 500, 5)) @ factor.numpy().T
    found = estimate(posterior, draws, seed)
    assert found["agree"], found["reason"]
    assert [e["method"] for e in found["estimates"]] == [BY_GAUSSIAN, BY_FLOW, BY_MIXTURE]
    assert found["log_evidence"] == found["estimates"][1]["value"]
    assert within(found, -20)
    # 2,000 draws of each side, and proposals that all but are the posterior.
    assert 0 < found["log_evidence_se"] < 0.02


def test_one_dimension():
    # u = log of an exponential variable: p = exp(u - e^u), normalised; here times e^3.
    posterior = Density(1, lambda u: 3 + (u - u.exp()).squeeze(-1))
    draws = np.log(np.random.default_rng(0).exponential(size=(8, 500, 1)))
    found = estimate(posterior, draws, 0)
    assert found["agree"], found["reason"]
    assert within(found, 3)


def test_the_second_coordinate_of_one_dimension_has_its_gradient():
    both = evidence._WithNormal(normal(1, sds=2.0)[0])
    u = torch.tensor([[0.3, -0.7], [1.0, 2.0]], dtype=torch.float64, requires_grad=True)
    _, gradient = both.value_and_gradient(u.detach())
    expected = torch.autograd.grad(both.log_density(u).sum(), u)[0]
    assert torch.allclose(gradient, expected)


@pytest.mark.parametrize("seed", range(2))
def test_two_modes_that_the_chains_visit(seed):
    draws = mixture_draws(4000, np.random.default_rng(seed)).reshape(8, 500, 2)
    found = estimate(mixture(), draws, seed)
    assert found["agree"], found["reason"]
    assert within(found, 0)


@pytest.mark.parametrize(("seed", "side"), [(0, -1), (1, 1), (2, -1)])
def test_a_mode_that_no_chain_visits_is_seen(seed, side):
    draws = np.random.default_rng(seed).standard_normal((8, 500, 2)) + np.array([4 * side, 0])
    found = estimate(mixture(), draws, seed)
    held = np.log(0.3 if side < 0 else 0.7)
    by_gaussian, by_flow, by_mixture = (e["value"] for e in found["estimates"])
    # The chain's half alone misleads: both bridges agree on the mass of its mode.
    assert by_gaussian == pytest.approx(held, abs=0.1)
    assert by_flow == pytest.approx(held, abs=0.1)
    assert by_mixture == pytest.approx(0, abs=0.1)
    assert not found["agree"]
    assert f"about {1 - np.exp(held):.0%}"[:8] in found["reason"]


def test_numbers_come_from_the_seed_and_the_draws():
    posterior, _ = normal(2)
    draws = np.random.default_rng(0).standard_normal((4, 100, 2))
    first, again, other = (estimate(posterior, draws, seed) for seed in (1, 1, 2))
    assert first == again
    assert first["log_evidence"] != other["log_evidence"]


@pytest.mark.parametrize(
    ("draws", "reason"),
    [
        (np.full((4, 100, 2), np.nan), "not finite"),
        (np.ones((4, 100, 2)), "positive-definite"),
        (np.random.default_rng(0).standard_normal((50, 2, 2)), "too few"),
    ],
)
def test_draws_that_are_of_no_use_give_a_reason(draws, reason):
    found = estimate(normal(2)[0], draws, 0)
    assert found["log_evidence"] is None
    assert found["estimates"] == []
    assert not found["agree"]
    assert reason in found["reason"]


def test_an_error_of_the_model_is_not_hidden():
    def log_density(u):
        raise ValueError("the model's own")

    draws = np.random.default_rng(0).standard_normal((4, 100, 2))
    with pytest.raises(ValueError, match="the model's own"):
        estimate(Density(2, log_density), draws, 0)


def test_paths_that_lead_nowhere_leave_the_bridges(monkeypatch):
    # Finite around the chain and nowhere else: no over-dispersed start lies there.
    posterior, _ = normal(2)
    inside = Density(
        2,
        lambda u: torch.where(
            (u - 50).abs().amax(-1) < 6, posterior.log_density(u - 50), torch.nan
        ),
    )
    draws = 50 + np.random.default_rng(0).standard_normal((4, 500, 2))
    found = estimate(inside, draws, 0)
    assert [e["method"] for e in found["estimates"]] == [BY_GAUSSIAN, BY_FLOW]
    assert found["agree"]
    assert within(found, 0)


def test_the_path_furthest_from_all_draws_comes_first(monkeypatch):
    posterior, _ = normal(1)
    draws = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 2000, 1)))
    draws[1] += 10.0
    unit = lambda place: Gaussian(torch.full((1,), place).double(), torch.eye(1).double())  # noqa: E731
    paths = [Path(unit(place), 0.0, np.array([place])) for place in (0.0, 10.0, 5.0, -4.0)]
    monkeypatch.setattr(evidence, "pathfinder", lambda *_: paths)
    monkeypatch.setattr(evidence, "refine", lambda posterior, starts, *_: starts)
    found = evidence._far_gaussians(posterior, draws, unit(0.0), torch.Generator(), 0)
    # Then the next furthest, not once more what is taken.
    assert [float(one.loc) for one in found] == [5.0, -4.0]


def normaliser(value, se):
    return Normaliser(value, se, None, None)


@pytest.mark.parametrize(
    ("gaussian", "flow", "mixture_", "expected"),
    [
        ((0.0, 0.01), (0.0, 0.01), (0.0, 0.01), None),
        # 4 hypot(0.03, 0.04) + 0.0005 = 0.2005.
        ((0.2004, 0.03), (0.0, 0.04), (0.0, 0.01), None),
        ((0.2006, 0.03), (0.0, 0.04), (0.0, 0.01), "differ by 0.2 nats"),
        ((-0.2006, 0.03), (0.0, 0.04), (0.0, 0.01), "differ by -0.2 nats"),
        # More mass than the bridge is missing mass; less is an unlucky importance sample.
        ((0.0, 0.01), (0.0, 0.03), (0.2006, 0.04), "about 18% of the whole"),
        ((0.0, 0.01), (0.0, 0.03), (0.2004, 0.04), None),
        ((0.0, 0.01), (0.0, 0.03), (-5.0, 0.04), None),
        # Without an error of its own, 0.0005 nats are allowed.
        ((0.0004, 0.0), (0.0, 0.0), (0.0004, 0.0), None),
        ((0.0006, 0.0), (0.0, 0.0), (0.0, 0.0), "differ"),
    ],
)
def test_the_rule(gaussian, flow, mixture_, expected):
    found = {
        BY_GAUSSIAN: normaliser(*gaussian),
        BY_FLOW: normaliser(*flow),
        BY_MIXTURE: normaliser(*mixture_),
    }
    reason = disagreement(found)
    assert reason is None if expected is None else expected in reason
