"""The banana's exact truth, against published values and computations that share no formula."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from flowcheck.observations import published
from flowcheck.targets import make_target
from flowcheck.targets.banana import Target

EVIDENCE = -208.942932897056
MOMENTS = {
    "theta1": 0.4066241652860,
    "theta1^2": 0.4568284100772 + 0.4066241652860**2,
    "theta2": 0.0,
    "theta2^2": 0.6950240789650,
    "theta2^3": 0.0,
}
OWN = {"sigma_y": 1.3, "sigma_theta": 0.8}


@pytest.fixture(scope="module")
def own_data():
    """37 numbers that look nothing like the published ones."""
    return np.random.default_rng(37).normal(0.4, 1.7, 37) ** 2 - 0.5


def full_log_density(y, theta1, theta2, sigma_y, sigma_theta):
    """log p(y, theta), datum by datum."""
    prior = stats.norm.logpdf(theta1, 0, sigma_theta) + stats.norm.logpdf(theta2, 0, sigma_theta)
    return prior + sum(stats.norm.logpdf(value, theta1 + theta2**2, sigma_y) for value in y)


def test_published_evidence_and_moments(banana):
    exact = banana.exact()
    assert abs(exact["log_evidence"] - EVIDENCE) < 1e-8
    assert exact["tolerance"] < 1e-8
    assert set(exact["moments"]) == set(MOMENTS) == set(banana.moments)
    for name, value in MOMENTS.items():
        assert exact["moments"][name] == pytest.approx(value, abs=1e-11), name  # digits printed
    assert exact["mean"] == pytest.approx([0.4066241652860, 0.0], abs=1e-11)
    assert exact["variance"] == pytest.approx([0.4568284100772, 0.6950240789650], abs=1e-11)


def test_published_file_has_the_published_evidence(published_folder):
    y = published(str(published_folder))
    exact = Target({"y": y}, sigma_y=2.0, sigma_theta=1.0).exact()
    assert abs(exact["log_evidence"] - EVIDENCE) < 1e-8


def test_another_data_set_against_a_two_dimensional_sum(own_data):
    # Spacing 0.02 is a tenth of the narrowest width, 0.2: the trapezoidal rule, which converges
    # exponentially for a smooth density, is exact to rounding. It shares nothing with the target's
    # own way: no sufficient statistics, nothing integrated out.
    axis = np.linspace(-7, 7, 701)
    theta1, theta2 = np.meshgrid(axis, axis, indexing="ij")
    log_p = full_log_density(own_data, theta1, theta2, **OWN)
    mass = np.exp(log_p - log_p.max())
    total = mass.sum()
    evidence = log_p.max() + math.log(total * 0.02**2)
    exact = Target({"y": own_data}, **OWN).exact()
    assert abs(exact["log_evidence"] - evidence) < 1e-8
    mean1 = (mass * theta1).sum() / total
    assert exact["mean"][0] == pytest.approx(mean1, abs=1e-8)
    assert exact["variance"] == pytest.approx(
        [(mass * (theta1 - mean1) ** 2).sum() / total, (mass * theta2**2).sum() / total], abs=1e-8
    )


def test_another_data_set_against_scipys_adaptive_quadrature(own_data):
    target = Target({"y": own_data}, **OWN)
    peak = target.exact()["log_evidence"]

    def density(theta1, theta2):
        theta = torch.tensor([theta1, theta2], dtype=torch.float64)
        return math.exp(float(target.log_density(theta)) - peak)

    ratio, _ = integrate.dblquad(density, -4, 4, -6, 6, epsabs=1e-6, epsrel=1e-6)
    assert ratio == pytest.approx(1, abs=1e-5)  # as asked of the rule, which is slow beyond


@pytest.mark.parametrize("settings", [{"sigma_y": 2.0, "sigma_theta": 1.0}, OWN])
def test_log_density_keeps_every_constant(own_data, settings):
    theta = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).double()
    expected = full_log_density(own_data, *theta.numpy().T, **settings)
    found = Target({"y": own_data}, **settings).log_density(theta)
    assert found.numpy() == pytest.approx(expected, rel=1e-12)


def test_log_density_takes_any_leading_axes(banana):
    theta = torch.randn(3, 4, 5, 2, generator=torch.Generator().manual_seed(0))
    found = banana.log_density(theta)
    assert found.shape == (3, 4, 5)
    assert found.dtype == torch.float32
    assert torch.equal(found[1, 2], banana.log_density(theta[1, 2]))
    # 200 nats of constants in float32: 2e-5.
    torch.testing.assert_close(
        found.double(), banana.log_density(theta.double()), rtol=1e-6, atol=0
    )


def test_gradient_takes_any_leading_axes(banana):
    theta = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(banana.gradient(theta)[1], banana.gradient(theta[1]))


def test_exact_draws_follow_the_posterior(banana):
    draws = banana.exact_draws(10_000, np.random.default_rng(0))
    assert draws.shape == (10_000, 2)
    theta1, theta2 = draws.T
    # theta2's distribution function from its density, by a cumulative sum of its own.
    grid = np.linspace(-5, 5, 4001)
    variance = 2.0**2 / 100 + 1.0
    log_p = -0.5 * (banana.mean_y - grid**2) ** 2 / variance - 0.5 * grid**2
    cdf = integrate.cumulative_simpson(np.exp(log_p), x=grid, initial=0)
    assert stats.kstest(theta2, lambda x: np.interp(x, grid, cdf / cdf[-1])).pvalue > 1e-3
    # theta1 given theta2 is normal with precision n / sigma_y^2 + 1 = 26.
    residual = (theta1 - (25 / 26) * (banana.mean_y - theta2**2)) * math.sqrt(26)
    assert stats.kstest(residual, stats.norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(residual, theta2)[0, 1]) < 4 / math.sqrt(10_000)
    for name, function in banana.moments.items():
        values = function(draws)
        assert abs(values.mean() - MOMENTS[name]) < 4 * values.std() / 100, name


def test_exact_draws_come_from_the_generator_alone(banana):
    first, again, other = (banana.exact_draws(5, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("y", "settings"),
    [
        ([-3.0, -5.0], {"sigma_y": 0.1, "sigma_theta": 1.0}),  # the banana turned into a blob
        ([40.0] * 50, {"sigma_y": 0.5, "sigma_theta": 1.0}),  # two islands, far apart
        ([1.0], {"sigma_y": 10.0, "sigma_theta": 5.0}),  # nearly the prior
    ],
)
def test_other_posteriors_shapes(y, settings):
    # The marginal of theta2, by scipy's adaptive rule around its two peaks.
    target = Target({"y": np.array(y)}, **settings)
    exact = target.exact()
    variance = settings["sigma_theta"] ** 2 + settings["sigma_y"] ** 2 / target.n
    peak = math.sqrt(max(0.0, target.mean_y - variance / (2 * settings["sigma_theta"] ** 2)))

    def log_marginal(t):
        return stats.norm.logpdf(target.mean_y - t**2, 0, math.sqrt(variance)) + stats.norm.logpdf(
            t, 0, settings["sigma_theta"]
        )

    top = log_marginal(peak)
    integral, _ = integrate.quad(
        lambda t: math.exp(log_marginal(t) - top),
        0,
        60,
        points=[peak, peak / 2, peak + 1, 10],
        limit=500,
        epsabs=1e-13,
        epsrel=1e-13,
    )
    # p(y | mean) does not depend on theta: the rest of the evidence, from n, S2 and sigma_y.
    n, sigma = target.n, settings["sigma_y"]
    rest = stats.norm.logpdf(np.array(y) - target.mean_y, 0, sigma).sum() - stats.norm.logpdf(
        0, 0, sigma / math.sqrt(n)
    )
    expected = rest + top + math.log(2 * integral)
    assert exact["log_evidence"] == pytest.approx(expected, abs=1e-9)


def test_made_by_name():
    target = make_target("banana", {"y": np.ones(3)}, {"sigma_y": 2.0, "sigma_theta": 1.0})
    assert isinstance(target.model, Target)
    assert target.dim == 2
