"""The interface that every step sees, for each kind of model that an author may write."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Dirichlet, HalfCauchy, MultivariateNormal, Normal

from flowcheck.compiling import compile_fixed, or_else
from flowcheck.model_errors import ModelError
from flowcheck.targets.base import Posterior

FLOAT = {"dtype": torch.float64}


class Named:
    """One point at a time, by name; torch.distributions, whose validation would fail under vmap."""

    parameters = {"mu": "real", "beta": ("real", 2), "sigma": "positive", "p": ("simplex", 3)}  # noqa: RUF012

    def log_density(self, mu, beta, sigma, p):
        assert mu.dtype == torch.float64
        covariance = sigma**2 * torch.eye(2, **FLOAT)
        return (
            Normal(0.0, 5.0).log_prob(mu)
            + HalfCauchy(5.0).log_prob(sigma)
            + MultivariateNormal(mu * torch.ones(2, **FLOAT), covariance).log_prob(beta)
            + Dirichlet(torch.ones(3, **FLOAT)).log_prob(p)
        )


class Batched(Named):
    """The same, of points with leading axes."""

    batched = True

    def log_density(self, mu, beta, sigma, p):
        scale = sigma.unsqueeze(-1)
        return (
            Normal(0.0, 5.0).log_prob(mu)
            + HalfCauchy(5.0).log_prob(sigma)
            + Normal(mu.unsqueeze(-1), scale).log_prob(beta).sum(-1)
            + math.log(2.0)  # of the uniform density on the simplex
        )


class Plain:
    dim = 2

    def log_density(self, theta):
        return -0.5 * theta.square().sum() - math.log(2 * math.pi)


class Numpy:
    """Values and gradients in NumPy, with names of its own: log sigma is the second coordinate."""

    dim = 2

    def value_and_grad(self, u):
        return -0.5 * (u**2).sum(-1) - math.log(2 * math.pi), -u

    def constrain(self, u):
        return {"mu": u[:, 0], "sigma": np.exp(u[:, 1:])}

    def unconstrain(self, named):
        return np.concatenate([named["mu"][:, None], np.log(named["sigma"])], -1)


def posterior(model) -> Posterior:
    return Posterior(model, __file__)


def points(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), **FLOAT)


def by_scipy(u: np.ndarray) -> float:
    """The log density of Named at u [6], with the Jacobian by hand."""
    mu, beta, log_sigma, v = u[0], u[1:3], u[3], u[4:]
    sigma = math.exp(log_sigma)
    # Stick breaking: z_k = sigmoid(v_k - log(remaining)), p_k = z_k times what is left.
    z = 1 / (1 + np.exp(-(v - np.log([2.0, 1.0]))))
    p1, p2 = z[0], (1 - z[0]) * z[1]
    log_jacobian = np.log(p1 * (1 - z[0])) + np.log(p2 * (1 - z[1]))
    return (
        stats.norm.logpdf(mu, 0, 5)
        + stats.halfcauchy.logpdf(sigma, scale=5)
        + stats.norm.logpdf(beta, mu, sigma).sum()
        + math.log(2.0)
        + log_sigma
        + log_jacobian
    )


@pytest.mark.parametrize("model", [Named(), Batched()])
def test_a_named_density_is_that_of_the_unconstrained_vector(model):
    target = posterior(model)
    assert target.dim == 6
    assert target.named
    assert target.names == ["mu", "beta", "sigma", "p"]
    assert target.coordinates == ["mu", "beta[0]", "beta[1]", "sigma", "p[0]", "p[1]", "p[2]"]
    u = points(3, 4, 6)
    found = target.log_density(u)
    expected = [[by_scipy(point) for point in row] for row in u.numpy()]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


MODELS = {"named": Named(), "batched": Batched(), "plain": Plain(), "numpy": Numpy()}


@pytest.mark.parametrize("kind", MODELS)
def test_leading_axes_precision_and_gradients(kind):
    target = posterior(MODELS[kind])
    u = points(2, 3, target.dim)
    value, gradient = target.value_and_gradient(u)
    assert value.shape == (2, 3)
    assert gradient.shape == u.shape
    assert not value.requires_grad
    torch.testing.assert_close(target.gradient(u), gradient, rtol=0, atol=0)
    for found, point in zip(value.flatten(), u.reshape(-1, target.dim), strict=True):
        torch.testing.assert_close(target.log_density(point), found, rtol=1e-14, atol=1e-14)
    assert target.log_density(u[:0]).shape == (0, 3)
    # Single precision in, double out, and a gradient that flows back to what came in.
    single = u.float().requires_grad_()
    found = target.log_density(single)
    assert found.dtype == torch.float64
    (back,) = torch.autograd.grad(found.sum(), single)
    assert back.dtype == torch.float32
    torch.testing.assert_close(back.double(), gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", MODELS)
def test_gradients_are_finite_differences(kind):
    target = posterior(MODELS[kind])
    u, step = points(target.dim), 1e-5
    shifted = u + step * torch.cat(
        [torch.eye(target.dim, **FLOAT), -torch.eye(target.dim, **FLOAT)]
    )
    above, below = target.log_density(shifted).detach().chunk(2)
    # The rule's error is step^2 times a third derivative, and rounding over the step: 1e-10.
    torch.testing.assert_close(
        target.gradient(u), (above - below) / (2 * step), rtol=1e-8, atol=1e-8
    )


@pytest.mark.parametrize("kind", MODELS)
def test_names_and_back(kind):
    target = posterior(MODELS[kind])
    u = points(5, 3, target.dim)
    named = target.constrain(u)
    assert list(named) == target.names
    assert all(v.shape == (5, 3, *target.shapes[n]) for n, v in named.items())
    assert target.flat(u).shape == (5, 3, len(target.coordinates))
    if kind != "numpy":  # whose own function takes one leading axis
        torch.testing.assert_close(target.unconstrain(named), u, rtol=1e-9, atol=1e-9)
    flat = {name: value[0] for name, value in named.items()}
    torch.testing.assert_close(target.unconstrain(flat), u[0], rtol=1e-9, atol=1e-9)


def test_what_numpy_computes_is_not_compiled():
    target, said = posterior(Numpy()), []
    compiled = compile_fixed(lambda u: target.log_density(u).sum(), torch.device("cpu"))
    chosen = or_else(compiled, lambda u: target.log_density(u).sum(), said.append)
    u = points(3, 2)
    torch.testing.assert_close(chosen(u), target.log_density(u).sum())
    assert len(said) == 1


def test_without_names_there_is_theta():
    target = posterior(Plain())
    assert not target.named
    assert target.names == ["theta"]
    assert target.coordinates == ["theta[0]", "theta[1]"]
    u = points(3, 2)
    assert target.constrain(u)["theta"] is u
    assert bool((target.log_jacobian(u) == 0).all())


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"sigma": None}, "no array for the parameter 'sigma'"),
        ({"sigm": np.ones(3)}, "'sigm' is not a parameter.*'sigma'"),
        ({"sigma": -np.ones(3)}, "'sigma' has values outside of its support"),
        ({"beta": np.ones((3, 3))}, r"'beta' has shape \(3, 3\) and should have \(3, 2\)"),
        ({"beta": np.ones((4, 2))}, r"'beta' has shape \(4, 2\) and should have \(3, 2\)"),
    ],
)
def test_draws_by_name_that_do_not_fit(change, pattern):
    target = posterior(Named())
    named = {name: value.numpy() for name, value in target.constrain(points(3, 6)).items()} | change
    named = {name: value for name, value in named.items() if value is not None}
    with pytest.raises(ModelError, match=pattern):
        target.unconstrain(named)


def test_the_constructors_context_ends(tmp_path):
    dtype, validates = torch.get_default_dtype(), torch.distributions.Distribution._validate_args
    posterior(Named()).log_density(points(6))
    assert torch.get_default_dtype() == dtype
    assert torch.distributions.Distribution._validate_args == validates


def test_starts_are_uniform_unless_the_target_says_how_wide():
    generator = torch.Generator().manual_seed(0)
    starts = posterior(Plain()).starts(4000, generator)
    assert starts.shape == (4000, 2)
    assert float(starts.abs().max()) <= 2
    assert stats.kstest(starts.flatten().numpy(), stats.uniform(-2, 4).cdf).pvalue > 1e-3
    wide = Plain()
    wide.init_scale = 3.0
    starts = posterior(wide).starts(4000, generator)
    assert stats.kstest(starts.flatten().numpy(), stats.norm(0, 3).cdf).pvalue > 1e-3


def test_an_own_gradient_is_used_and_mapped():
    model = Plain()
    model.gradient = lambda theta: 10 * theta  # wrong, to be told from autograd's
    target = posterior(model)
    u = points(3, 4, 2)
    torch.testing.assert_close(target.gradient(u), 10 * u)
    torch.testing.assert_close(target.value_and_gradient(u)[1], 10 * u)


def with_exact(model, **exact) -> Posterior:
    model.exact = lambda: exact
    return posterior(model)


def test_expectations_by_parameter_or_by_coordinate():
    given = {
        "mu": {"mean": 1, "sd": 2.0},
        "beta": {"mean": [3.0, 4.0], "sd": np.array([1.0, 2.0])},
        "p[1]": {"mean": 0.2, "sd": 0.1},
    }
    found = with_exact(Named(), log_evidence=-3, expectations=given).exact()
    assert found["log_evidence"] == -3.0
    assert list(found["expectations"]) == ["mu", "beta[0]", "beta[1]", "p[1]"]
    assert found["expectations"]["beta[1]"] == {"mean": 4.0, "sd": 2.0}
    assert "mean" not in found  # not all are known


def test_mean_and_variance_in_place_of_expectations_and_the_other_way():
    by_moments = with_exact(Plain(), mean=[1.0, 2.0], variance=[4.0, 9.0]).exact()
    assert by_moments["expectations"]["theta[1]"] == {"mean": 2.0, "sd": 3.0}
    given = {"theta": {"mean": [1.0, 2.0], "sd": [2.0, 3.0]}}
    by_expectations = with_exact(Plain(), expectations=given).exact()
    assert by_expectations["mean"] == [1.0, 2.0]
    assert by_expectations["variance"] == [4.0, 9.0]


@pytest.mark.parametrize(
    ("exact", "pattern"),
    [
        ({"logZ": 1.0}, "unknown key 'logZ'"),
        ({"log_evidence": math.nan}, "log_evidence is nan"),
        ({"expectations": {"nu": {"mean": 0, "sd": 1}}}, "unknown 'nu'.*'mu'"),
        ({"expectations": {"mu": {"mean": 0}}}, r"should be \{'mean'"),
        ({"expectations": {"beta": {"mean": 0, "sd": 1}}}, r"shape \(\) and should have \(2,\)"),
        ({"expectations": {"mu": {"mean": 0, "sd": -1}}}, "the sd of 'mu' is"),
    ],
)
def test_truths_that_cannot_be(exact, pattern):
    with pytest.raises(ModelError, match=pattern):
        with_exact(Named(), **exact).exact()


def test_a_target_may_know_nothing():
    target = posterior(Plain())
    assert target.exact() == {}
    assert target.exact_draws(3, np.random.default_rng(0)) is None
    assert target.describe() is None
    assert target.moments == {}


def test_exact_draws_by_name_become_unconstrained():
    model = Named()
    p = np.full((4, 3), 1 / 3)
    model.exact_draws = lambda n, rng: {
        "mu": np.zeros(n), "beta": np.ones((n, 2)), "sigma": np.full(n, 2.0), "p": p[:n]
    }  # fmt: skip
    found = posterior(model).exact_draws(4, np.random.default_rng(0))
    assert found.shape == (4, 6)
    np.testing.assert_allclose(found[0], [0, 1, 1, math.log(2), 0, 0], atol=1e-12)
    with pytest.raises(ModelError, match=r"exact_draws.*p.*\(5, 3\)"):
        posterior(model).exact_draws(5, np.random.default_rng(0))


def test_a_description_is_one_paragraph():
    assert posterior(SimpleNamespace(
        dim=1, log_density=lambda theta: theta, describe=lambda: "Two\n    lines."
    )).describe() == "Two lines."  # fmt: skip
