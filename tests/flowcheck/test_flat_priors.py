"""Flat priors are found where a density shows them, and nowhere else."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.distributions import HalfCauchy, Normal

from flowcheck.first_look import look
from flowcheck.flat_priors import by_recorded_terms, by_repeated_data, twice
from flowcheck.targets.base import Posterior

DATA = {"x": np.linspace(-1, 1, 20), "y": np.linspace(0, 2, 20) ** 2, "scale": np.array(3.0)}


class Model:
    """A regression whose priors are chosen: `priors` names the parameters that have one."""

    parameters = {"a": "real", "b": "real", "sigma": "positive"}  # noqa: RUF012

    def __init__(self, data, priors):
        self.x, self.y = torch.tensor(data["x"]), torch.tensor(data["y"])
        self.priors = priors


class Library(Model):
    def log_density(self, a, b, sigma):
        likelihood = Normal(a + b * self.x, sigma).log_prob(self.y).sum()
        return likelihood + self.log_prior(a, b, sigma)

    def log_prior(self, a, b, sigma):
        total = 0.0
        for name, value in {"a": a, "b": b}.items():
            if name in self.priors:
                total = total + Normal(0.0, 5.0).log_prob(value)
        return total + HalfCauchy(5.0).log_prob(sigma) if "sigma" in self.priors else total


class Batched(Library):
    batched = True

    def log_density(self, a, b, sigma):
        line = a.unsqueeze(-1) + b.unsqueeze(-1) * self.x
        likelihood = Normal(line, sigma.unsqueeze(-1)).log_prob(self.y).sum(-1)
        return likelihood + self.log_prior(a, b, sigma)


class ByHand(Model):
    def log_density(self, a, b, sigma):
        misfit = (self.y - a - b * self.x).square().sum() / sigma**2
        total = -0.5 * misfit - len(self.y) * (sigma.log() + 0.5 * math.log(2 * math.pi))
        for name, value in {"a": a, "b": b, "sigma": sigma}.items():
            if name in self.priors:
                total = total - 0.5 * value.square() / 25
        return total - sigma.log() if "log sigma" in self.priors else total


class Theta(ByHand):
    dim = 3
    parameters = None

    def log_density(self, theta):
        a, b, log_sigma = theta
        return super().log_density(a, b, log_sigma.exp())


CASES = {
    "all": (["a", "b", "sigma"], []),
    "one missing": (["b", "sigma"], ["a"]),
    "two missing": (["b"], ["a", "sigma"]),
    "none": ([], ["a", "b", "sigma"]),
}


def points(n: int) -> torch.Tensor:
    return torch.randn(n, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("model", [Library, ByHand])
def test_data_twice_show_the_prior(model, case):
    priors, flat = CASES[case]
    once, doubled = (Posterior(model(d, priors), __file__) for d in (DATA, twice(DATA)))
    assert by_repeated_data(once, doubled, points(4)) == flat


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("model", [Library, Batched])
def test_recorded_terms_show_it_without_data(model, case):
    priors, flat = CASES[case]
    assert by_recorded_terms(Posterior(model(DATA, priors), __file__), points(1)[0]) == flat


def test_rounding_of_steep_likelihoods_is_no_prior():
    steep = DATA | {"y": 50 * DATA["y"]}
    once, doubled = (Posterior(ByHand(d, ["b"]), __file__) for d in (steep, twice(steep)))
    assert by_repeated_data(once, doubled, points(4)) == ["a", "sigma"]


def test_terms_of_another_kind_leave_it_open():
    assert by_recorded_terms(Posterior(ByHand(DATA, []), __file__), points(1)[0]) == []
    both = Library(DATA, ["b", "sigma"])
    plain = both.log_density
    both.log_density = lambda a, b, sigma: plain(a, b, sigma) - a**2  # a prior written by hand
    assert by_recorded_terms(Posterior(both, __file__), points(1)[0]) == []


def test_flat_in_the_logarithm_is_flat():
    once, doubled = (
        Posterior(ByHand(d, ["a", "b", "log sigma"]), __file__) for d in (DATA, twice(DATA))
    )
    assert by_repeated_data(once, doubled, points(4)) == ["sigma"]


def test_without_names_the_coordinate_is_named():
    once, doubled = (Posterior(Theta(d, ["a", "sigma"]), __file__) for d in (DATA, twice(DATA)))
    assert by_repeated_data(once, doubled, points(4)) == ["theta[1]"]


def test_a_bounded_parameter_may_be_flat():
    model = Library(DATA, ["sigma", "b"])
    model.parameters = {"a": ("interval", -10, 10), "b": "real", "sigma": "positive"}
    twin = Library(twice(DATA), ["sigma", "b"])
    twin.parameters = model.parameters
    once, doubled = Posterior(model, __file__), Posterior(twin, __file__)
    assert by_repeated_data(once, doubled, points(4)) == []
    assert by_recorded_terms(once, points(1)[0]) == []


def test_rows_are_repeated_and_nothing_else():
    found = twice({"y": np.arange(3.0), "x": np.ones((3, 2)), "J": np.array(3.0), "k": np.ones(5)})
    assert {name: array.shape for name, array in found.items()} == {
        "y": (6,), "x": (6, 2), "J": (), "k": (5,)
    }  # fmt: skip
    assert twice({"J": np.array(3.0)}) is None
    assert twice({}) is None


@pytest.mark.parametrize("change", [{"dim": 4}, {"names": ["a", "b", "tau"]}])
def test_data_twice_that_make_another_model_show_nothing(change):
    once = Posterior(ByHand(DATA, []), __file__)
    other = SimpleNamespace(**({"dim": once.dim, "names": once.names} | change))
    assert by_repeated_data(once, other, points(4)) == []


def test_the_first_look_says_what_it_means():
    found = look(
        Posterior(Library(DATA, ["b", "sigma"]), __file__), torch.Generator().manual_seed(0)
    )
    assert found["flat_priors"] == ["a"]
    assert any("a normaliser, not an evidence" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("once", "doubled", "flat"),
    [
        # Twice the one, but for more and for less than 1e-8 of both together.
        (1e-4, 2e-4 * (1 + 2.1e-8), False),
        (1e-4, 2e-4 * (1 + 1.9e-8), True),
        (-1e-4, -2e-4 * (1 + 1.9e-8), True),
        (1e6, 2e6 * (1 + 2.1e-8), False),
        (1e6, 2e6 * (1 + 1.9e-8), True),
        # No derivative at all: the density does not depend on it.
        (0.0, 0.0, False),
        (1e-9, 2e-9, False),
    ],
)
def test_zero_is_what_is_small_beside_what_it_is_the_difference_of(once, doubled, flat):
    def of(slope):
        return SimpleNamespace(
            dim=1, names=["theta[0]"], parameters=None, gradient=lambda u: slope + 0 * u
        )

    found = by_repeated_data(of(once), of(doubled), torch.zeros(3, 1, dtype=torch.float64))
    assert found == (["theta[0]"] if flat else [])
