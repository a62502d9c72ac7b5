"""The banana's exact truth, against published values and computations that share no formula."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy import integrate, stats

from flowcheck.observations import published
from flowcheck.precision import PrecisionError
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
PUBLISHED = {"sigma_y": 2.0, "sigma_theta": 1.0}
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


def data(n, mean, sd):
    """n numbers of that mean and population standard deviation."""
    noise = np.random.default_rng(0).standard_normal(n)
    noise -= noise.mean()
    return mean + sd * noise / np.sqrt(np.mean(noise**2))


@pytest.mark.parametrize(
    ("y", "settings"),
    [
        (np.array([-(2.0**23), 2.0**23]), PUBLISHED),
        (data(1000, 2e5, 1e5), PUBLISHED),  # prices
        (data(100, -1e8, 2.0), PUBLISHED),
        (np.array([1e200, 1e200]), PUBLISHED),
        (np.array([1e300, -1e300]), PUBLISHED),
        (data(100, 1e3, 2.0), {"sigma_y": 1e-5, "sigma_theta": 1e-3}),
    ],
)
def test_data_that_leave_the_evidence_no_digits_are_refused(y, settings):
    with np.errstate(over="ignore"), pytest.raises(PrecisionError) as refused:
        Target({"y": np.asarray(y)}, **settings).exact()
    message = str(refused.value)
    assert f"n = {len(y)}" in message
    assert "Centre the data, or rescale" in message


@pytest.mark.parametrize(
    ("y", "settings"),
    [
        (data(10_000_000, 1.1179, 1e-3), {"sigma_y": 1e-3, "sigma_theta": 1.0}),
        (data(100, -1e4, 2.0), PUBLISHED),
        (data(100, -3e4, 2.0), PUBLISHED),
        (data(100, 1e6, 2.0), PUBLISHED),  # two narrow islands at +-1000
        (data(100, 1.0, 2.0), {"sigma_y": 2.0, "sigma_theta": 1e6}),
        (data(100, 1e6, 2e6), {"sigma_y": 2e6, "sigma_theta": 1e6}),
        (data(100, 1.0, 2.0), {"sigma_y": 2.0, "sigma_theta": 1e-4}),
        (np.array([40.0]), {"sigma_y": 1e-3, "sigma_theta": 1.0}),
    ],
)
def test_wide_scales_against_many_digits(y, settings):
    # The same integrals in 40-digit arithmetic, over theta2^2, where the posterior is a normal
    # density over the square root.
    exact, known = Target({"y": np.asarray(y)}, **settings).exact(), many_digits(y, **settings)
    assert abs(exact["log_evidence"] - known["log_evidence"]) <= exact["tolerance"] <= 1e-6
    # y's mean has sixteen digits, and the posterior follows it.
    digits = 1e-9 + 1e-15 * abs(y.mean()) / math.sqrt(min(known["variance"]))
    assert exact["variance"] == pytest.approx(known["variance"], rel=digits)
    deviation = math.sqrt(known["variance"][0])
    assert abs(exact["mean"][0] - known["mean1"]) < (1e-9 + digits) * deviation


def many_digits(y, sigma_y, sigma_theta):
    with mpmath.workdps(40):
        n, noise, prior = len(y), mpmath.mpf(sigma_y) ** 2, mpmath.mpf(sigma_theta) ** 2
        mean = mpmath.mpf(math.fsum(y)) / n
        squares = mpmath.mpf(math.fsum((y - float(mean)) ** 2))
        v = prior + noise / n
        centre = mean - v / (2 * prior)

        def integral(power):
            """Of theta2^power exp(-(theta2^2 - centre)^2 / 2 v), less its peak, over theta2 > 0."""
            peak = max(centre, 0)
            low = mpmath.sqrt(max(peak - 14 * mpmath.sqrt(v), 0))
            high = mpmath.sqrt(peak + 196 * v / (max(-centre, 0) + 14 * mpmath.sqrt(v)))
            cuts = [low + (high - low) * i / 24 for i in range(25)]
            return mpmath.quad(
                lambda t: (
                    t**power * mpmath.exp(-((t**2 - centre) ** 2 - (peak - centre) ** 2) / (2 * v))
                ),
                cuts,
            )

        whole = [integral(power) for power in (0, 2, 4)]
        square2, fourth = whole[1] / whole[0], whole[2] / whole[0]
        peak = max(centre, 0)
        at_peak = -((mean - peak) ** 2) / (2 * v) - peak / (2 * prior)
        log_evidence = (
            -mpmath.mpf(n) / 2 * mpmath.log(2 * mpmath.pi * noise)
            - squares / (2 * noise)
            + mpmath.log(noise / n / v) / 2
            - mpmath.log(2 * mpmath.pi * prior) / 2
            + at_peak
            + mpmath.log(2 * whole[0])
        )
        weight = prior / v
        return {
            "log_evidence": float(log_evidence),
            "mean1": float(weight * (mean - square2)),
            "variance": [
                float(weight**2 * (fourth - square2**2) + weight * noise / n),
                float(square2),
            ],
        }


def test_log_density_is_its_reference_and_the_rest(banana):
    theta = torch.randn(5, 2, generator=torch.Generator().manual_seed(0)).double()
    whole = banana.reference + banana.relative_log_density(theta)
    assert torch.equal(banana.log_density(theta), whole)
    # What single precision computes keeps its digits, however large the constant.
    many = Target({"y": data(10_000_000, 1.1179, 1e-3)}, sigma_y=1e-3, sigma_theta=1.0)
    assert many.reference > 5e7
    near = torch.tensor([0.4128, 0.83973])
    exact = many.relative_log_density(near.double())
    assert abs(float(many.relative_log_density(near)) - float(exact)) < 1e-3 * abs(float(exact))


def test_exact_draws_of_two_islands():
    target = Target({"y": np.full(50, 40.0)}, sigma_y=0.5, sigma_theta=1.0)
    exact = target.exact()
    draws = target.exact_draws(100_000, np.random.default_rng(0))
    assert abs((draws[:, 1] > 0).mean() - 0.5) < 4 * 0.5 / math.sqrt(100_000)
    variance = draws.var(0)
    fourth = np.mean((draws - draws.mean(0)) ** 4, 0)
    error = np.sqrt((fourth - variance**2) / 100_000)
    assert (abs(variance - exact["variance"]) < 4 * error).all()


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
