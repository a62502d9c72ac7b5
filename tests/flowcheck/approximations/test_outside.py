"""Files from outside: right ones are taken as they are, and each mistake has words of its own."""

import numpy as np
import pytest
import torch

from flowcheck.approximations.outside import Refused, take
from flowcheck.divergence import mean_with_error
from flowcheck.targets.base import Posterior
from tests.flowcheck.approximations.files import N, right, schools, terms

RNG = np.random.default_rng(1)
ROWS = RNG.integers(0, N, N)  # 37 % of the draws repeat others
ORDER = RNG.permutation(N)


@pytest.mark.parametrize("space", ["constrained", "unconstrained"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_file_is_taken_as_it_is(space, dtype):
    found = {name: value.astype(dtype) for name, value in right(space).items()}
    given, notes = take(schools(), found, space)
    assert notes == []
    expected = right("unconstrained")
    tolerance = 1e-9 if dtype is np.float64 else 1e-3  # of single precision's rounding
    theta = np.c_[expected["mu"], expected["tau"], expected["e"]]
    np.testing.assert_allclose(given.theta, theta, rtol=0, atol=tolerance)
    np.testing.assert_allclose(given.log_q, expected["log_q"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(given.log_p, expected["log_p"], rtol=0, atol=tolerance)


def test_chains_are_put_one_after_the_other():
    found = {k: v.reshape(3, 1000, *v.shape[1:]) for k, v in right("constrained").items()}
    given, _ = take(schools(), found, "constrained")
    np.testing.assert_array_equal(
        given.theta, take(schools(), right("constrained"), "constrained")[0].theta
    )


def test_what_is_not_given_is_unknown():
    found = right("constrained")
    given, notes = take(
        schools(), {name: found[name] for name in ("mu", "tau", "e")}, "constrained"
    )
    assert given.log_q is None
    assert given.log_p is None
    assert notes == []


def changed(space, **change):
    """A right file with some arrays replaced, each by a function of the file; None removes one."""
    found = right(space)
    new = {name: None if make is None else make(found) for name, make in change.items()}
    return {name: value for name, value in (found | new).items() if value is not None}


def entries(order):
    return lambda f: f["e"][:, order]


SHIFT = {"log_q": lambda f: f["log_q"] + 5 * np.log(2 * np.pi)}
MISTAKES = {
    "rows of log_q in another order": (
        "constrained",
        {"log_q": lambda f: f["log_q"][ORDER], "log_p": None},
        "do not belong together",
    ),
    "resampled": (
        "constrained",
        {name: lambda f, name=name: f[name][ROWS] for name in ("mu", "tau", "e", "log_q", "log_p")},
        "of the draws repeat others",
    ),
    "a term for each coordinate": (
        "constrained",
        {"log_q": lambda f: terms()},
        "log_q has shape \\[3000, 10\\], one term for each",
    ),
    "without its constants": ("constrained", SHIFT, "unnormalised: true"),
    "log_q on R^d": (
        "constrained",
        {"log_q": lambda f: right("unconstrained")["log_q"], "log_p": None},
        "log_q is the density in another space",
    ),
    "log_q of the parameters": (
        "unconstrained",
        {"log_q": lambda f: right("constrained")["log_q"], "log_p": None},
        "log_q is the density in another space",
    ),
    "log_p on R^d": (
        "constrained",
        {"log_p": lambda f: right("unconstrained")["log_p"]},
        "it has the Jacobian",
    ),
    "log_p of the parameters": (
        "unconstrained",
        {"log_p": lambda f: right("constrained")["log_p"]},
        "it lacks the Jacobian",
    ),
    "draws on R^d": (
        "constrained",
        {k: lambda f, k=k: right("unconstrained")[k] for k in ("tau", "log_q", "log_p")},
        "'tau' lies outside of its support.*space: unconstrained",
    ),
    "draws of the parameters": (
        "unconstrained",
        {k: lambda f, k=k: right("constrained")[k] for k in ("tau", "log_q", "log_p")},
        "set `space: constrained`",
    ),
    "two parameters swapped, one outside of its support": (
        "constrained",
        {"mu": lambda f: f["tau"], "tau": lambda f: f["mu"]},
        "the two may be swapped",
    ),
    "two parameters swapped on R^d": (
        "unconstrained",
        {"mu": lambda f: f["tau"], "tau": lambda f: f["mu"]},
        "the parameters mu and tau are swapped",
    ),
    "entries in reverse": (
        "constrained",
        {"e": entries(slice(None, None, -1))},
        "entries of e are in reverse",
    ),
    "entries exchanged": (
        "constrained",
        {"e": entries([1, 0, 2, 3, 4, 5, 7, 6])},
        "e\\[6\\] with e\\[7\\]",
    ),
    "another prior of tau": (
        "constrained",
        {"log_p": lambda f: f["log_p"] - 0.5 * f["tau"]},
        "a function of tau ",
    ),
    "another prior of e": (
        "constrained",
        {"log_p": lambda f: f["log_p"] + np.log(np.cosh(f["e"])).sum(1)},
        "a function of e ",
    ),
    "other priors of two": (
        "constrained",
        {"log_p": lambda f: f["log_p"] - 0.05 * f["mu"] ** 2 - 0.5 * (f["e"] ** 2).sum(1)},
        "a function of e and mu",
    ),
    "other data": (
        "constrained",
        {"log_p": lambda f: f["log_p"] - 0.01 * (f["mu"] + f["tau"] * f["e"][:, 2] - 7) ** 2},
        "the likelihoods or the data differ",
    ),
    "a parameter missing": ("constrained", {"tau": None}, "no draws of 'tau'"),
    "a parameter by another name": (
        "constrained",
        {"tau": None, "tau_log__": lambda f: np.log(f["tau"])},
        "did you mean 'tau_log__'",
    ),
    "not a number": (
        "constrained",
        {"mu": lambda f: np.where(np.arange(N) == 5, np.nan, f["mu"])},
        "'mu' is NaN or infinite in 1 of 3000 draws, first in draw 5",
    ),
    "log_q not finite": (
        "constrained",
        {"log_q": lambda f: np.where(np.arange(N) == 7, np.inf, f["log_q"])},
        "'log_q' is NaN",
    ),
    "unequal numbers": (
        "constrained",
        {"mu": lambda f: f["mu"][:-1]},
        "all should have the same number",
    ),
    "log_q of other draws": (
        "constrained",
        {"log_q": lambda f: f["log_q"][:-1]},
        "one number for each draw",
    ),
    "another shape": ("constrained", {"e": lambda f: f["e"][:, :7]}, "'e' has shape \\[3000, 7\\]"),
    "text": ("constrained", {"mu": lambda f: f["mu"].astype(str)}, "not real numbers"),
    "few draws": (
        "constrained",
        {k: lambda f, k=k: f[k][:60] for k in ("mu", "tau", "e", "log_q", "log_p")},
        "60 draws, too few",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    space, change, words = MISTAKES[mistake]
    with pytest.raises(Refused, match=words):
        take(schools(), changed(space, **change), space)


def test_a_constant_between_the_two_is_said_and_fine():
    given, notes = take(
        schools(), changed("constrained", log_p=lambda f: f["log_p"] - 3.2), "constrained"
    )
    assert notes == [
        "their log_p is 3.20 nats below ours everywhere, a constant that makes no difference"
    ]
    assert given.log_q is not None


def test_what_is_no_parameter_is_said_and_left_out():
    found = right("constrained") | {"theta": np.zeros((N, 8))}
    assert take(schools(), found, "constrained")[1] == ["not used, since no parameters: theta"]


def test_unnormalised_weights_are_let_through():
    assert take(schools(), changed("constrained", **SHIFT), "constrained", unnormalised=True)
    rows = changed("constrained", log_q=lambda f: f["log_q"][ORDER])
    with pytest.raises(Refused, match="do not belong"):
        take(schools(), rows, "constrained", unnormalised=True)


def test_resampled_draws_alone_are_compared():
    found = {name: right("constrained")[name][ROWS] for name in ("mu", "tau", "e")}
    _, notes = take(schools(), found, "constrained")
    assert "repeat others" in notes[0]


class Line:
    """A standard normal on R^dim."""

    batched = True

    def __init__(self, dim):
        self.dim = dim

    def log_density(self, theta):
        return torch.distributions.Normal(0.0, 1.0).log_prob(theta).sum(-1)


@pytest.mark.parametrize("dim", [1, 3, 20])
@pytest.mark.parametrize("seed", range(4))
def test_a_gaussian_with_exact_log_q_has_its_kl(dim, seed):
    rng = np.random.default_rng(seed)
    loc, sd = rng.normal(0, 0.4, dim), np.exp(rng.normal(0, 0.3, dim))
    theta = loc + sd * rng.standard_normal((10_000, dim))
    log_q = (-0.5 * ((theta - loc) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)).sum(1)
    target = Posterior(Line(dim), "line.py")
    given, _ = take(target, {"theta": theta, "log_q": log_q}, "constrained")
    log_p = target.log_density(torch.from_numpy(given.theta)).numpy()
    found = mean_with_error(given.log_q - log_p)
    exact = 0.5 * (sd**2 + loc**2 - 1 - 2 * np.log(sd)).sum()
    assert abs(found.value - exact) < 4 * found.se
