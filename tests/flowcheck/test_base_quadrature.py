"""Quadrature over the base variable: closed forms, scipy, and what it must refuse."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from flowcheck import base_quadrature
from flowcheck.base_quadrature import GAUSS, KRONROD, NODES, divergences, tabulate, variance
from flowcheck.flows import base, make_flow


class Affine(base.Flow):
    """x = mean + scale z, coordinate by coordinate."""

    def initial(self, generator, init):
        raise NotImplementedError

    def forward(self, params, z):
        log_det = params["scale"].log().sum(-1).expand(z.shape[:-1])
        return params["mean"] + params["scale"] * z, log_det

    def inverse(self, params, x):
        log_det = -params["scale"].log().sum(-1).expand(x.shape[:-1])
        return (x - params["mean"]) / params["scale"], log_det


def standard_normal(x):
    return -0.5 * (x.square().sum(-1) + x.shape[-1] * math.log(2 * math.pi))


def affine(mean, scale, log_p=standard_normal):
    """log p/q over z for q = N(mean, diag(scale^2))."""
    params = {"mean": torch.tensor(mean, dtype=torch.float64)}
    params["scale"] = torch.tensor(scale, dtype=torch.float64)
    return base_quadrature.log_ratio_of(Affine(len(mean)), params, log_p)


def gaussian_kl(mean, scale):
    """KL(N(mean, diag(scale^2)) | N(0, I)), and the other way."""
    m, v = np.array(mean), np.array(scale) ** 2
    return 0.5 * np.sum(v + m**2 - 1 - np.log(v)), 0.5 * np.sum((1 + m**2) / v - 1 + np.log(v))


@pytest.mark.parametrize(("rule", "degree"), [(KRONROD, 23), (GAUSS, 13)])
def test_rules_integrate_polynomials_of_their_degree(rule, degree):
    for power in range(0, degree + 1, 2):
        assert rule @ NODES**power == pytest.approx(2 / (power + 1), rel=1e-13)
    assert rule @ NODES ** (degree + 1) != pytest.approx(2 / (degree + 2), rel=1e-9)


@pytest.mark.parametrize(
    ("mean", "scale"),
    [
        ([0.0], [1.0]),
        ([0.0], [1.001]),
        ([0.3], [1.2]),
        ([5.0], [1.0]),
        ([0.0], [0.05]),  # p reaches 20 times as far as q: |z| up to 120
        ([0.0], [40.0]),  # p is a spike inside q
        ([0.0, 0.0], [1.0, 1.0]),
        ([0.001, -0.002], [1.0, 0.999]),
        ([0.4, -0.1], [0.7, 1.3]),
        ([6.0, 3.0], [0.5, 0.5]),
        ([0.0, 0.0], [0.1, 3.0]),
    ],
)
def test_gaussians_within_the_stated_tolerance(mean, scale):
    found = divergences(tabulate(affine(mean, scale), len(mean)))
    for estimate, exact in zip(found, (*gaussian_kl(mean, scale), 1.0), strict=True):
        assert abs(estimate.value - exact) <= estimate.se
        assert estimate.se <= max(1e-3 * exact, 1e-12)


@pytest.mark.parametrize(
    ("mean", "scale"), [([0.3], [1.2]), ([5.0], [1.0]), ([0.4, -0.1], [0.7, 1.3])]
)
def test_both_forms_of_kl_are_the_same_number(mean, scale):
    # Both are summed over all cells; which one is believed depends on their tolerances alone.
    terms = base_quadrature._terms(tabulate(affine(mean, scale), len(mean)))
    kl, forward = gaussian_kl(mean, scale)
    assert terms[:, 0].sum(0) == pytest.approx([kl, kl, forward, 1.0], rel=1e-3)


def test_kl_alone_is_as_right_and_cheaper_where_p_reaches_far():
    log_ratio = affine([4.4, 3.9], [0.1, 0.2])
    alone, both = (tabulate(log_ratio, 2, both=both) for both in (False, True))
    exact = gaussian_kl([4.4, 3.9], [0.1, 0.2])[0]
    kl = divergences(alone).kl
    assert abs(kl.value - exact) <= kl.se <= 1e-3 * exact
    assert alone.fine.size < both.fine.size


@pytest.mark.parametrize("scale", [0.8, 1.5])
def test_variance_of_gaussian_weights(scale):
    # E_q (p/q)^2 for p = N(0, 1), q = N(0, v): v / sqrt(2 v - 1).
    found = variance(tabulate(affine([0.0], [scale]), 1))
    exact = scale**2 / math.sqrt(2 * scale**2 - 1) - 1
    assert abs(found.value - exact) <= found.se + 1e-12


@pytest.mark.parametrize("scale", [0.5, math.sqrt(0.5)])
def test_infinite_variance_is_not_a_number(scale):
    assert math.isnan(variance(tabulate(affine([0.0], [scale]), 1)).value)


def mixture(x):
    """log density of 0.3 N(0, 1) + 0.7 N(9, 0.5^2), in the first coordinate."""
    first = x[..., 0]
    parts = [
        math.log(weight / scale) - 0.5 * ((first - mean) / scale) ** 2
        for weight, mean, scale in ((0.3, 0.0, 1.0), (0.7, 9.0, 0.5))
    ]
    return torch.logsumexp(torch.stack(parts), 0) - 0.5 * math.log(2 * math.pi)


def test_planar_flow_in_one_dimension_against_scipy():
    flow = make_flow("planar", 1, {"layers": 3})
    params = flow.initial(torch.Generator().manual_seed(5), "published")
    params = {name: value.double() for name, value in params.items()}
    found = divergences(tabulate(base_quadrature.log_ratio_of(flow, params, mixture), 1))

    def densities(x):
        point = torch.tensor([[x]], dtype=torch.float64)
        return float(flow.log_prob(params, point)), float(mixture(point))

    def reverse(x):
        log_q, log_p = densities(x)
        return math.exp(log_q) * (log_q - log_p)

    def forward(x):
        log_q, log_p = densities(x)
        return math.exp(log_p) * (log_p - log_q)

    for estimate, integrand in ((found.kl, reverse), (found.kl_forward, forward)):
        # The mixture has no mass beyond; the flow's tail is a standard normal's, shifted.
        exact, error = integrate.quad(integrand, -12, 18, points=[0, 9], limit=400, epsrel=1e-9)
        assert abs(estimate.value - exact) <= estimate.se + 10 * error


def test_a_mode_that_no_draw_would_find_counts():
    # q = N(0, 1) against 0.3 N(0, 1) + 0.7 N(9, 0.5^2): -log 0.3, and almost nothing else.
    found = divergences(tabulate(affine([0.0], [1.0], mixture), 1))
    assert found.kl.value == pytest.approx(-math.log(0.3), rel=1e-4)
    x = np.linspace(-8, 14, 200_001)
    log_p = mixture(torch.from_numpy(x)[:, None]).numpy()
    exact = integrate.trapezoid(np.exp(log_p) * (log_p - stats.norm.logpdf(x)), x)
    assert abs(found.kl_forward.value - exact) <= found.kl_forward.se + 1e-9
    assert abs(found.mass.value - 1) <= found.mass.se


def far_spike(x):
    """log density of (N(0, I) + N(300, 0.01^2 I)) / 2."""
    scale, dim = 0.01, x.shape[-1]
    far = standard_normal((x - 300) / scale) - dim * math.log(scale)
    return torch.logaddexp(standard_normal(x), far) - math.log(2)


@pytest.mark.parametrize("dim", [1, 2])
def test_a_far_spike_is_found_where_draws_of_p_point_to_it_and_else_refused(dim):
    log_ratio = affine([0.0] * dim, [1.0] * dim, far_spike)
    blind = divergences(tabulate(log_ratio, dim))
    assert abs(blind.kl.value - math.log(2)) <= blind.kl.se
    assert blind.mass.value == pytest.approx(0.5, abs=1e-6)
    assert math.isnan(blind.kl_forward.value)
    draws = torch.randn(1000, dim, generator=torch.Generator().manual_seed(0)).double()
    places = torch.cat([draws[:500], 300 + 0.01 * draws[500:]])
    seeing = divergences(tabulate(log_ratio, dim, places))
    # Half is q itself at half the height; in the spike log p/q is that of its entropy and of z.
    entropy = dim * (0.5 * math.log(2 * math.pi * math.e) + math.log(0.01))
    cross = 0.5 * dim * (300**2 + 0.01**2 + math.log(2 * math.pi))
    exact = -math.log(2) + 0.5 * (cross - entropy)
    assert abs(seeing.kl.value - math.log(2)) <= seeing.kl.se
    assert abs(seeing.kl_forward.value - exact) <= seeing.kl_forward.se < 1e-3 * exact


def test_p_beyond_all_cells_is_refused_and_kl_right():
    found = divergences(tabulate(affine([0.0], [1e-4]), 1))
    assert math.isnan(found.kl_forward.value)
    assert found.mass.value < 0.9
    assert abs(found.kl.value - gaussian_kl([0.0], [1e-4])[0]) <= found.kl.se


def test_kinks_cost_accuracy_and_the_tolerance_says_so():
    # p/q = exp(|z1 - z2| / 2), normalised: E exp(|u|) for u = (z1 - z2) / 2 ~ N(0, 1/2).
    log_mean = 0.25 + math.log(2 * stats.norm.cdf(math.sqrt(0.5)))

    def log_ratio(z):
        return 0.5 * (z[:, 0] - z[:, 1]).abs() - log_mean

    found = divergences(tabulate(log_ratio, 2))
    exact = log_mean - math.sqrt(1 / math.pi)
    assert 1e-9 < abs(found.kl.value - exact) <= found.kl.se < 1e-2 * exact


@pytest.mark.parametrize(("value", "shown"), [(-math.inf, math.inf), (math.nan, math.nan)])
def test_what_p_is_not_known_on_is_no_number(value, shown):
    def log_ratio(z):
        return torch.where(z[:, 0] > 1, value, math.log(1 / stats.norm.cdf(1)))

    found = divergences(tabulate(log_ratio, 1))
    assert str(found.kl.value) == str(shown)


def test_three_dimensions_are_refused():
    with pytest.raises(ValueError, match="1 or 2 dimensions, not 3"):
        tabulate(affine([0.0] * 3, [1.0] * 3), 3)
