"""A user's own draws: those of the posterior pass the verdict, and each fault has its words."""

import numpy as np
import pytest
import torch

from flowcheck.reference_draws import BadReference, chains_of
from flowcheck.verdict import judge

MEAN, SD = 1.0, 0.5


class Scales:
    """log sigma ~ N(0, 0.5) for a positive sigma, and beta ~ N(1, 0.5) of two entries."""

    dim = 3

    def constrain(self, u):
        return {"sigma": u[..., 0].exp(), "beta": u[..., 1:]}

    def unconstrain(self, named):
        sigma, beta = (torch.as_tensor(named[name]) for name in ("sigma", "beta"))
        return torch.cat([sigma.log().unsqueeze(-1), beta], -1)

    def log_density(self, u):
        return -0.5 * ((u - torch.tensor([0.0, MEAN, MEAN])) / SD).square().sum(-1)


def drawn(*leading, seed=0):
    rng = np.random.default_rng(seed)
    sigma = np.exp(SD * rng.standard_normal(leading))
    return {"sigma": sigma, "beta": MEAN + SD * rng.standard_normal((*leading, 2))}


def verdict(theta, lp, **known):
    return judge(theta, lp, None, None, {}, {}, np.exp(theta[..., :1]), **known)


@pytest.mark.parametrize("leading", [(4, 1000), (1, 4002), (4002,)])
def test_independent_draws_pass_and_what_is_unknown_is_said(leading):
    draws = drawn(*leading)
    theta, lp = chains_of(Scales(), draws | {"extra": np.zeros(3)}, "draws.npz")
    assert theta.shape == (4, 1000, 3)
    assert lp.shape == (4, 1000)
    # One chain is cut in order, so that a drift along it is seen.
    flat = draws["sigma"].reshape(-1)[:4000]
    np.testing.assert_allclose(np.exp(theta[..., 0]).reshape(-1), flat)
    exact = np.exp(SD**2 / 2)
    sd = exact * np.sqrt(np.exp(SD**2) - 1)
    result = verdict(theta, lp, expectations={"sigma": {"mean": exact, "sd": sd}})
    assert result["passed"] is True
    for name in ("ebfmi", "divergent"):
        assert result["checks"][name]["passed"] is None
        assert result["checks"][name]["value"] is None
        assert "not applicable" in result["checks"][name]["note"]


def test_one_drifting_chain_fails():
    draws = drawn(4000)
    draws["beta"][:, 1] += np.linspace(-1, 1, 4000)
    assert verdict(*chains_of(Scales(), draws, "draws.npz"))["checks"]["rhat"]["passed"] is False


def faulty(name, change):
    draws = drawn(4, 50)
    draws[name] = change(draws[name])
    return draws


def put(value, at):
    def change(values):
        values[at] = value
        return values

    return change


FAULTS = {
    "no draws of 'sigma' (is 'sigm' meant?); the posterior's parameters are sigma, beta": {
        "sigm": drawn(4, 50)["sigma"],
        "beta": drawn(4, 50)["beta"],
    },
    "'beta' has shape [4, 50, 3], and should have [chain, draw, 2] or [draw, 2]": faulty(
        "beta", lambda values: np.concatenate([values, values[..., :1]], -1)
    ),
    "'beta' has [4, 49] draws and 'sigma' [4, 50]": faulty("beta", lambda values: values[:, :-1]),
    "'beta' is NaN or infinite at chain, draw 2, 7": faulty("beta", put(np.nan, (2, 7, 0))),
    "'sigma' is outside of its support at chain, draw 1, 3 and 1 more": faulty(
        "sigma", put(-1.0, (1, [3, 9]))
    ),
    "'sigma' holds <U": faulty("sigma", lambda values: values.astype(str)),
    "1 chain of 15 draws: too few": drawn(15),
}


@pytest.mark.parametrize("message", FAULTS)
def test_each_fault_has_its_words_and_the_files_name(message):
    with pytest.raises(BadReference) as caught:
        chains_of(Scales(), FAULTS[message], "own/draws.nc")
    assert message in str(caught.value)
    assert "own/draws.nc" in str(caught.value)


def test_draws_without_a_density_are_of_another_posterior():
    class Narrow(Scales):
        def log_density(self, u):
            return torch.where(u[..., 0] < 1.0, super().log_density(u), -torch.inf)

    with pytest.raises(BadReference, match=r"draws\.nc: at chain, draw .* is not finite"):
        chains_of(Narrow(), drawn(4, 500), "draws.nc")
