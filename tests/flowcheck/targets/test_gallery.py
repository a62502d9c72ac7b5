"""The truths of the gallery's posteriors, by computations that share no code."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, optimize, special, stats

from flowcheck.targets import families, make_target
from flowcheck.targets.autoregression import generated as series
from flowcheck.targets.eight_schools import SCHOOLS
from flowcheck.targets.regression import diabetes

GALLERY = sorted(set(families()) - {"banana"})
DRAWS = 10_000
Y, S = SCHOOLS["y"], SCHOOLS["s"]


@pytest.fixture(scope="module")
def known():
    """Each posterior with exact draws: (target, truth, unconstrained draws), made once."""
    made = {}

    def get(family):
        if family not in made:
            target = make_target(family, {}, {})
            draws = target.exact_draws(DRAWS, np.random.default_rng(3))
            made[family] = target, target.exact(), draws
        return made[family]

    return get


# The funnel's x has no usable moments at any number of draws; test_the_funnels_draws has its own.
@pytest.mark.parametrize("family", sorted(set(GALLERY) - {"logistic", "funnel"}))
def test_exact_draws_have_the_expectations(known, family):
    target, exact, draws = known(family)
    assert draws.shape == (DRAWS, target.dim)
    x = target.flat(torch.from_numpy(draws)).numpy()
    assert list(exact["expectations"]) == target.coordinates
    mean, sd = (np.array([e[k] for e in exact["expectations"].values()]) for k in ("mean", "sd"))
    # Up to 50 coordinates and their squares: luck exceeds 5 standard errors once in 20,000.
    assert np.abs((x.mean(0) - mean) / (x.std(0) / math.sqrt(DRAWS))).max() < 5
    squares = (x - mean) ** 2
    error = (squares.mean(0) - sd**2) / (squares.std(0) / math.sqrt(DRAWS))
    assert np.abs(error).max() < 5


@pytest.mark.parametrize("family", ["regression", "autoregression", "radon"])
def test_evidence_density_and_draws_agree(known, family):
    # E_p g / p~ = 1 / Z for a normalised g: here a Gaussian a little narrower than the draws.
    target, exact, draws = known(family)
    half = DRAWS // 2
    mean, cov = draws[:half].mean(0), 0.85 * np.cov(draws[:half].T)
    log_g = stats.multivariate_normal.logpdf(draws[half:], mean, cov)
    log_p = target.log_density(torch.from_numpy(draws[half:])).numpy()
    ratio = np.exp(log_g - log_p + exact["log_evidence"])
    se = ratio.std() / math.sqrt(half)
    assert se < 0.04
    assert abs(ratio.mean() - 1) < 4 * se


def test_exact_draws_come_from_the_generator_alone():
    for family in ("eight_schools", "two_moons", "mixture"):
        first, again, other = (
            make_target(family, {}, {}).exact_draws(5, np.random.default_rng(s)) for s in (1, 1, 2)
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.fixture(scope="module")
def lattice():
    """Eight schools on a lattice, theta integrated out: tau [K, 1], mu [L], mass, evidence."""
    # Spacing 0.1 in both, where the density varies over 1 or more: exact to rounding.
    log_tau, mu = np.arange(-32, 8, 0.1), np.arange(-30, 40, 0.1)
    tau = np.exp(log_tau)[:, None]
    log_p = stats.norm.logpdf(mu, 0, 5) + stats.halfcauchy.logpdf(tau, scale=5) + np.log(tau)
    for y, s in zip(Y, S, strict=True):
        log_p = log_p + stats.norm.logpdf(y, mu, np.sqrt(s**2 + tau**2))
    evidence = special.logsumexp(log_p) + 2 * math.log(0.1)
    return tau, mu, np.exp(log_p - special.logsumexp(log_p)), evidence


@pytest.mark.parametrize("family", ["eight_schools", "eight_schools_centred"])
def test_eight_schools_on_a_lattice(known, lattice, family):
    _, exact, draws = known(family)
    tau, mu, mass, evidence = lattice
    assert exact["log_evidence"] == pytest.approx(-31.3113473523, abs=1e-10)  # as published
    assert exact["log_evidence"] == pytest.approx(evidence, abs=1e-9)
    found = exact["expectations"]
    # theta_0 given mu and tau: precision-weighted.
    weight = tau**2 / (tau**2 + S[0] ** 2)
    theta = mu + weight * (Y[0] - mu)
    variance = weight * S[0] ** 2
    expected = {
        "mu": (mu + 0 * tau, 0),
        "tau": (tau + 0 * mu, 0),
        "theta[0]": (theta, variance),
        "e[0]": ((theta - mu) / tau, variance / tau**2),
    }
    for name in set(expected) & set(found):
        value, spread = expected[name]
        mean = (mass * value).sum()
        sd = math.sqrt((mass * (value**2 + spread)).sum() - mean**2)
        assert found[name]["mean"] == pytest.approx(mean, abs=1e-8), name
        assert found[name]["sd"] == pytest.approx(sd, abs=1e-8), name
    cdf = mass.sum(1).cumsum()
    edges = np.log(tau[:, 0]) + 0.05
    assert stats.kstest(draws[:, 1], lambda x: np.interp(x, edges, cdf)).pvalue > 1e-3


def test_regression_is_a_multivariate_t():
    data = diabetes()
    design = np.column_stack([np.ones(len(data["y"])), data["x"]])
    # With InverseGamma(2, 1) for the variance, y is Student's t with 4 degrees of freedom.
    shape = 0.5 * (np.eye(len(design)) + 4 * design @ design.T)
    expected = stats.multivariate_t.logpdf(data["y"], shape=shape, df=4)
    found = make_target("regression", {}, {}).exact()["log_evidence"]
    assert found == pytest.approx(expected, abs=1e-8)


def test_autoregression_by_adaptive_quadrature():
    y = series()["y"]
    design = np.column_stack([np.ones(len(y) - 5), *(y[5 - k : -k] for k in range(1, 6))])
    values, vectors = np.linalg.eigh(design @ design.T)
    rotated = vectors.T @ y[5:]
    found = make_target("autoregression", {}, {}).exact()["log_evidence"]

    def density(log_sigma):
        sigma = math.exp(log_sigma)
        scales = np.sqrt(sigma**2 + 100 * np.maximum(values, 0))
        marginal = stats.norm.logpdf(rotated, 0, scales).sum()
        return math.exp(marginal + stats.halfcauchy.logpdf(sigma, scale=2.5) + log_sigma - found)

    total, _ = integrate.quad(density, -4, 1, points=[-2, -1.8], epsabs=1e-10, limit=200)
    assert total == pytest.approx(1, abs=1e-8)


def test_radon_on_a_lattice():
    # Six counties that differ much, so that both scales are well determined; y is jointly Gaussian
    # given these, with a covariance matrix of its own at each point.
    rng = np.random.default_rng(1)
    county = np.repeat(np.arange(6.0), 8)
    data = {"county": county, "x": (rng.random(48) < 0.4).astype(float)}
    data["y"] = 2 * rng.standard_normal(6)[county.astype(int)] + 0.5 * rng.standard_normal(48)
    same = np.equal.outer(county, county)
    common = 25 * (1 + np.outer(data["x"], data["x"]))
    a, s = np.linspace(-1.5, 2.2, 60), np.linspace(-1.4, 0.2, 50)
    log_p = np.empty((len(a), len(s)))
    for i, sigma_a in enumerate(np.exp(a)):
        for j, sigma_y in enumerate(np.exp(s)):
            cov = common + sigma_a**2 * same + sigma_y**2 * np.eye(48)
            log_p[i, j] = stats.multivariate_normal.logpdf(data["y"], cov=cov)
            log_p[i, j] += stats.halfnorm.logpdf([sigma_a, sigma_y]).sum() + a[i] + s[j]
    expected = special.logsumexp(log_p) + math.log((a[1] - a[0]) * (s[1] - s[0]))
    exact = make_target("radon", data, {}).exact()
    assert exact["log_evidence"] == pytest.approx(expected, abs=1e-6)  # the lattice's cut edges
    mass = np.exp(log_p - special.logsumexp(log_p))
    mean = (mass.sum(1) * np.exp(a)).sum()
    assert exact["expectations"]["sigma_a"]["mean"] == pytest.approx(mean, abs=1e-6)


def test_two_moons_in_polar_coordinates():
    exact = make_target("two_moons", {}, {}).exact()
    # Periodic in the angle and decayed at both ends of the radius: exact to rounding.
    angle, radius = np.linspace(0, 2 * np.pi, 4000, endpoint=False), np.linspace(0.2, 3.8, 2001)
    x = np.outer(radius, np.cos(angle))
    crescents = np.exp(-0.5 * ((x - 2) / 0.4) ** 2) + np.exp(-0.5 * ((x + 2) / 0.4) ** 2)
    mass = crescents * (np.exp(-0.5 * ((radius - 2) / 0.2) ** 2) * radius)[:, None]
    total = mass.sum() * (angle[1] - angle[0]) * (radius[1] - radius[0])
    assert exact["log_evidence"] == pytest.approx(math.log(total), abs=1e-10)
    sd = math.sqrt((mass * x**2).sum() / mass.sum())
    assert exact["expectations"]["theta[0]"]["sd"] == pytest.approx(sd, abs=1e-10)


def test_the_funnels_draws(known):
    _, exact, draws = known("funnel")
    assert exact["log_evidence"] == 0
    v, x = draws[:, 0], draws[:, 1:]
    assert stats.kstest(v, stats.norm(0, 3).cdf).pvalue > 1e-3
    noise = x / np.exp(v / 2)[:, None]
    assert stats.kstest(noise.ravel(), stats.norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(v, np.abs(noise[:, 0]))[0, 1]) < 4 / math.sqrt(DRAWS)
    # Var x = E exp(v), by quadrature over v.
    variance, _ = integrate.quad(lambda v: stats.norm.pdf(v, 0, 3) * math.exp(v), -30, 50)
    assert exact["expectations"]["x[3]"] == {
        "mean": 0.0,
        "sd": pytest.approx(math.sqrt(variance), rel=1e-8),
    }


@pytest.mark.parametrize("family", ["funnel", "mixture", "gaussian_ar"])
def test_normalised_densities_say_so(known, family):
    # Their densities are SciPy's, which are normalised: test_gallery_densities.
    assert known(family)[1]["log_evidence"] == 0


def test_the_logistic_evidence():
    target = make_target("logistic", {}, {})
    assert target.exact() == {}
    zero = np.zeros(target.dim)

    def minus(u):
        value, gradient = target.value_and_gradient(torch.from_numpy(u))
        return -float(value), -gradient.numpy()

    mode = optimize.minimize(minus, zero, jac=True, method="BFGS", options={"gtol": 1e-6}).x
    hessian = torch.autograd.functional.hessian(target.log_density, torch.from_numpy(mode))
    # Importance sampling from the Laplace approximation, a little wider.
    proposal = stats.multivariate_normal(mode, 1.1 * np.linalg.inv(-hessian.numpy()))
    u = proposal.rvs(40_000, random_state=np.random.default_rng(0))
    log_w = target.log_density(torch.from_numpy(u)).numpy() - proposal.logpdf(u)
    found = special.logsumexp(log_w) - math.log(len(u))
    # Published -55.2236 +- 0.0005; the weights' own error here is 0.01, and heavy-tailed.
    assert found == pytest.approx(-55.2236, abs=0.05)


def test_settings_change_the_posterior():
    wide = make_target("funnel", {}, {"dim": 4, "scale": 2.0})
    assert wide.dim == 4
    assert wide.exact()["expectations"]["v"] == {"mean": 0.0, "sd": 2.0}
    near = make_target("mixture", {}, {"distance": 2.0, "weight": 0.5})
    assert near.exact()["expectations"]["theta[0]"]["sd"] == pytest.approx(math.sqrt(2))
