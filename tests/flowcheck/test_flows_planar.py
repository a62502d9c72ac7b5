"""The planar flow where it is delicate: w near 0, and the edge of its constraint, w.u -> -inf."""

import math

import mpmath
import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.flows.planar import determinant, tanh_and_slope

ONE_LAYER = make_flow("planar", 2, {"layers": 1})


def layer(w, u, b=0.0):
    """Parameters of a single map, in float64."""
    return {
        "w": torch.tensor([w], dtype=torch.float64),
        "u": torch.tensor([u], dtype=torch.float64),
        "b": torch.tensor([b], dtype=torch.float64),
    }


def u_hat(w, u):
    """The constrained u of one map: at z = 0 with tanh(b) = 1 it is where the map takes z."""
    x, _ = ONE_LAYER.forward(layer(w, u, b=30.0), torch.zeros(1, 2, dtype=torch.float64))
    return x[0]


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-10])
def test_u_hat_grows_as_the_inverse_of_w(size):
    # w.u = 0 exactly, so m(0) = log 2 - 1 and the component along w is (log 2 - 1) / |w|.
    along, across = u_hat([size, 0.0], [0.0, 1.5])
    assert float(along) == pytest.approx(-(1 - math.log(2)) / size, rel=1e-13)  # rounding
    assert float(across) == pytest.approx(1.5, rel=1e-13)


def test_u_hat_grows_as_the_inverse_of_w_whatever_u():
    for size in (1e-4, 1e-6, 1e-8):
        w = torch.tensor([0.6, -0.8], dtype=torch.float64) * size
        grown = u_hat(w.tolist(), [1.0, 2.0]).norm()
        # m(a) - a = log 2 - 1 - a/2 + ...: what is neglected is of relative size |w| |u| = 2 |w|.
        assert float(grown * w.norm()) == pytest.approx(1 - math.log(2), rel=10 * size)


@pytest.mark.parametrize("wu", [-40.0, -5.0, -1.0, 0.0, 3.0, 15.0])
def test_constraint_is_softplus(wu):
    # 1 + w.u_hat = softplus(w.u), here read off with |w|^2 = 4, which |w| would get wrong.
    along = float(u_hat([2.0, 0.0], [wu / 2, 0.7])[0])
    # 1 + w.u_hat cancels towards the edge: absolute, not relative, rounding.
    assert 1 + 2 * along == pytest.approx(math.log1p(math.exp(wu)), rel=1e-13, abs=1e-14)


def exact_determinant(a, wu):
    """1 + (softplus(w.u) - 1) sech(a)^2 with 60 digits."""
    with mpmath.workdps(60):
        bend = mpmath.log1p(mpmath.exp(mpmath.mpf(wu)))
        return 1 + (bend - 1) * mpmath.sech(mpmath.mpf(a)) ** 2


@pytest.mark.parametrize("wu", [-40.0, -35.0, -30.0, -10.0, -1.0, 0.0, 2.0, 15.0])
def test_determinant_is_accurate_and_positive_everywhere(wu):
    activations = [0.0, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 5.0, 18.0, 300.0]
    bend = torch.tensor(math.log1p(math.exp(wu)), dtype=torch.float64)
    for a in (*activations, *(-a for a in activations)):
        found = float(determinant(*tanh_and_slope(torch.tensor(a, dtype=torch.float64)), bend))
        expected = exact_determinant(a, wu)
        assert found > 0
        # A sum of two positive terms, each right to a few roundings: relative 1e-15 apiece.
        assert abs(found - expected) / expected < 1e-14


def test_naive_determinant_would_cancel_at_the_edge():
    # So that the test above is known to ask for more than 1 + (w.u_hat) h' gives.
    naive = 1 + (math.log1p(math.exp(-40.0)) - 1) * (1 - math.tanh(1e-9) ** 2)
    assert abs(naive - exact_determinant(1e-9, -40.0)) / exact_determinant(1e-9, -40.0) > 0.5


@pytest.mark.parametrize("wu", [-40.0, -30.0])
@pytest.mark.parametrize("a", [0.0, 1e-8, 1e-3, 0.5])
def test_flow_uses_the_accurate_determinant(wu, a):
    # w = (1, 0) and b = 0, so that the activation is z_1 without rounding.
    z = torch.tensor([[a, 0.3]], dtype=torch.float64)
    _, log_det = ONE_LAYER.forward(layer([1.0, 0.0], [wu, 0.5]), z)
    # The determinant's relative error of 1e-14 is its logarithm's absolute one.
    assert float(log_det) == pytest.approx(float(mpmath.log(exact_determinant(a, wu))), abs=2e-14)


@pytest.mark.parametrize("a", [1e-30, 0.7, 20.0, 300.0])
def test_slope_keeps_its_relative_accuracy(a):
    expected = float(mpmath.sech(a) ** 2)
    found = float(tanh_and_slope(torch.tensor(a, dtype=torch.float64))[1])
    # exp(-2 a) turns a rounding of 2 a into a relative error of 2 a eps: 1e-13 at a = 300.
    assert found == pytest.approx(expected, rel=1e-15 * (3 + 2 * a))


def test_round_trip_at_the_constraints_edge():
    # There w.x = a - tanh(a) = a^3 / 3 near a = 0, so a rounding eps of x becomes (3 eps)^(1/3),
    # 9e-6, of z: the map is invertible, and its inverse has no derivative. Seen from x all is well.
    params = layer([1.0, 0.0], [-40.0, 0.5])
    first = torch.linspace(-1e-3, 1e-3, 41, dtype=torch.float64)
    z = torch.stack([first, torch.linspace(-2, 2, 41, dtype=torch.float64)], -1)
    x, _ = ONE_LAYER.forward(params, z)
    back, _ = ONE_LAYER.inverse(params, x)
    assert (back - z).abs().max() < 3e-5
    again, _ = ONE_LAYER.forward(params, back)
    torch.testing.assert_close(again, x, rtol=0, atol=2e-15)


def test_inverse_is_right_away_from_the_edges_flat_point():
    # The slope is a^2 at least 0.04 here: 1e-16 / 0.04, and a few roundings.
    params = layer([1.0, 0.0], [-40.0, 0.5])
    z = torch.tensor([[0.2, 1.0], [-3.0, 0.5], [8.0, -1.0]], dtype=torch.float64)
    back, _ = ONE_LAYER.inverse(params, ONE_LAYER.forward(params, z)[0])
    torch.testing.assert_close(back, z, rtol=1e-13, atol=1e-13)


def test_published_start_is_standard_normal_and_the_default_nearly_bends_nothing():
    flow = make_flow("planar", 2, {"layers": 4000})
    published = flow.initial(torch.Generator().manual_seed(0), "published")
    default = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    for value in published.values():
        # 4000 values or more: their mean and spread have standard errors of 0.016 and 0.011.
        assert abs(float(value.mean())) < 0.07
        assert float(value.std()) == pytest.approx(1, abs=0.05)
    assert float(default["u"].abs().max()) < 0.1
    assert torch.equal(default["u"], 0.01 * published["u"])
    assert all(torch.equal(default[name], published[name]) for name in "wb")


def test_a_point_is_shown_where_each_layer_takes_it():
    flow = make_flow("planar", 3, {"layers": 3})
    params = flow.initial(torch.Generator().manual_seed(0), "published")
    z = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1))
    places = flow.through(params, z)
    assert len(places) == 4
    assert torch.equal(places[0], z)
    for layers in range(1, 4):
        first = {name: value[:layers] for name, value in params.items()}
        expected, _ = make_flow("planar", 3, {"layers": layers}).forward(first, z)
        torch.testing.assert_close(places[layers], expected)  # float32 rounding
