"""The gallery's densities, by SciPy's, and what a first look says of them."""

import math

import numpy as np
import pytest
import torch
from scipy import special, stats

from flowcheck.first_look import look
from flowcheck.targets import families, make_target
from flowcheck.targets.autoregression import generated as series
from flowcheck.targets.eight_schools import SCHOOLS
from flowcheck.targets.logistic import breast_cancer
from flowcheck.targets.radon import generated as counties
from flowcheck.targets.regression import diabetes

GALLERY = sorted(set(families()) - {"banana"})
Y, S = SCHOOLS["y"], SCHOOLS["s"]


def normal(x, loc, scale):
    return stats.norm.logpdf(x, loc, scale).sum()


def eight_schools(mu, tau, e):
    prior = normal(mu, 0, 5) + stats.halfcauchy.logpdf(tau, scale=5) + normal(e, 0, 1)
    return prior + normal(Y, mu + tau * e, S)


def eight_schools_centred(mu, tau, theta):
    prior = normal(mu, 0, 5) + stats.halfcauchy.logpdf(tau, scale=5) + normal(theta, mu, tau)
    return prior + normal(Y, theta, S)


def logistic(intercept, slopes):
    data = breast_cancer()
    logits = intercept + data["x"] @ slopes
    chance = special.log_expit(np.where(data["y"] == 1, logits, -logits))
    return chance.sum() + normal(intercept, 0, 1) + normal(slopes, 0, 1)


def regression(intercept, slopes, variance):
    data, sigma = diabetes(), math.sqrt(variance)
    prior = stats.invgamma.logpdf(variance, 2, scale=1) + normal(intercept, 0, 2 * sigma)
    likelihood = normal(data["y"], intercept + data["x"] @ slopes, sigma)
    return prior + normal(slopes, 0, 2 * sigma) + likelihood


def autoregression(alpha, beta, sigma):
    y = series()["y"]
    prior = normal(alpha, 0, 10) + normal(beta, 0, 10) + stats.halfcauchy.logpdf(sigma, scale=2.5)
    means = [alpha + beta @ y[t - 5 : t][::-1] for t in range(5, len(y))]
    return prior + normal(y[5:], means, sigma)


def radon(mu, slope, sigma_a, sigma_y, e):
    data = counties()
    prior = normal(mu, 0, 5) + normal(slope, 0, 5) + normal(e, 0, 1)
    scales = stats.halfnorm.logpdf([sigma_a, sigma_y]).sum()
    mean = mu + sigma_a * e[data["county"].astype(int)] + slope * data["x"]
    return prior + scales + normal(data["y"], mean, sigma_y)


def gaussian_ar(theta):
    lags = np.abs(np.subtract.outer(np.arange(50), np.arange(50)))
    sd = np.geomspace(0.1, 10, 50)
    return stats.multivariate_normal.logpdf(theta, cov=0.9**lags * np.outer(sd, sd))


def mixture(theta):
    modes = (stats.multivariate_normal.logpdf(theta, [c, 0]) for c in (-4, 4))
    return special.logsumexp(list(modes), b=[0.3, 0.7])


def two_moons(theta):
    crescents = sum(math.exp(-0.5 * ((theta[0] - c) / 0.4) ** 2) for c in (-2, 2))
    return math.log(crescents) - 0.5 * ((math.hypot(*theta) - 2) / 0.2) ** 2


def funnel(v, x):
    return normal(v, 0, 3) + normal(x, 0, math.exp(v / 2))


DENSITIES = {
    density.__name__: density
    for density in (
        eight_schools, eight_schools_centred, logistic, regression, autoregression, radon,
        gaussian_ar, mixture, two_moons, funnel,
    )
}  # fmt: skip


def test_every_posterior_is_tested():
    assert sorted(DENSITIES) == GALLERY


@pytest.mark.parametrize("family", GALLERY)
def test_the_density_is_scipys(family):
    target = make_target(family, {}, {})
    u = target.starts(5, torch.Generator().manual_seed(0))
    values = {name: value.numpy() for name, value in target.constrain(u).items()}
    for i, found in enumerate(target.log_density(u) - target.log_jacobian(u)):
        point = {name: value[i] for name, value in values.items()}
        assert float(found) == pytest.approx(DENSITIES[family](**point), rel=1e-11)


@pytest.mark.parametrize("family", GALLERY)
def test_the_first_look_is_content(family):
    found = look(make_target(family, {}, {}), torch.Generator().manual_seed(0))
    assert found["gradient_error"] < 1e-8
    assert found["starts_not_finite"] == 0
    assert found["notes"] == []
