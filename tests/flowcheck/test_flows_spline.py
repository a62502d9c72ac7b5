"""The rational-quadratic spline against what defines it: knots, slopes, tails."""

import torch

from flowcheck.flows import make_flow
from flowcheck.flows.rational_quadratic import RationalQuadratic

BOUND, BINS = 3.0, 6
SPLINE = RationalQuadratic(BINS, BOUND)


def parameters(points, seed=0):
    """A spline of its own for each of `points` coordinates, strongly bent."""
    generator = torch.Generator().manual_seed(seed)
    raw = 2 * torch.randn(1, 1, points * SPLINE.width, generator=generator, dtype=torch.float64)
    return SPLINE.parameters(raw)


def test_it_goes_through_its_knots_with_their_slopes():
    sizes, slopes = parameters(1)
    widths, heights = sizes[0, 0]
    knots = torch.cat([torch.zeros(1), widths.cumsum(0)]).double() - BOUND
    values = torch.cat([torch.zeros(1), heights.cumsum(0)]).double() - BOUND
    torch.testing.assert_close(knots[-1].item(), BOUND, rtol=1e-14, atol=0)
    assert torch.equal(slopes[0, 0, [0, -1]], torch.ones(2, dtype=torch.float64))
    for side in (-1e-9, 1e-9):
        x = (knots + side).reshape(-1, 1)
        y, log_slope = SPLINE.forward((sizes, slopes), x)
        # 1e-9 away from a knot: that times the slopes and curvatures, of some hundreds at most.
        torch.testing.assert_close(y.flatten(), values, rtol=0, atol=1e-6)
        torch.testing.assert_close(log_slope.exp().flatten(), slopes[0, 0], rtol=1e-5, atol=1e-5)


def test_it_rises_everywhere_and_its_slope_is_autograds():
    given = parameters(8)
    x = torch.linspace(-1.3 * BOUND, 1.3 * BOUND, 2001, dtype=torch.float64)
    x = x.unsqueeze(-1).repeat(1, 8).requires_grad_()
    y, log_slope = SPLINE.forward(given, x)
    assert (y.diff(dim=0) > 0).all()
    (slope,) = torch.autograd.grad(y.sum(), x)
    # Slopes between 1e-3 and some thousands, from quotients that cancel by as much.
    torch.testing.assert_close(log_slope, slope.log(), rtol=1e-9, atol=1e-9)


def test_tails_are_the_identity_and_lose_no_digits():
    given = parameters(8)
    x = torch.tensor([-1e6, -50.0, -BOUND, BOUND, 4.0, 1e6], dtype=torch.float64)
    x = x.unsqueeze(-1).repeat(1, 8).requires_grad_()
    for transform in (SPLINE.forward, SPLINE.inverse):
        y, log_slope = transform(given, x)
        assert torch.equal(y, x)
        assert torch.equal(log_slope, torch.zeros_like(x))
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert torch.equal(gradient, torch.ones_like(x))


def test_the_inverse_is_accurate_where_it_is_steep_and_where_it_is_flat():
    given = parameters(200)
    x = torch.linspace(-BOUND, BOUND, 301, dtype=torch.float64).unsqueeze(-1).repeat(1, 200)
    y, log_slope = SPLINE.forward(given, x)
    back, inverse_log_slope = SPLINE.inverse(given, y)
    assert log_slope.min() < -5
    assert log_slope.max() > 5
    # Rounding, times the largest slope where x is looked at, and over the smallest where y is: 1e3
    # each. The slope's own derivative is as large again.
    torch.testing.assert_close(SPLINE.forward(given, back)[0], y, rtol=0, atol=1e-12)
    torch.testing.assert_close(back, x, rtol=0, atol=1e-9)
    torch.testing.assert_close(inverse_log_slope, -log_slope, rtol=0, atol=1e-6)


def test_an_affine_map_takes_the_splines_ends_wherever_they_must_be():
    flow = make_flow("spline", 2, {"blocks": 1, "hidden": [4], "bins": 7, "tail_bound": 2.0})
    params = flow.initial(torch.Generator().manual_seed(0), "published")
    params = {name: 3 * value.double() for name, value in params.items()}
    # Of the left coordinate, all that moves the right one is a function.
    right = torch.tensor([-5.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 5.0], dtype=torch.float64)
    z = torch.stack([torch.full_like(right, 0.7), right], -1)
    x = flow.forward(params, z)[0][:, 1]
    scale = (x[-1] - x[-2]) / (right[-1] - right[-2])
    assert abs(scale - 1) > 0.1
    at_ends = right.abs() >= 2.0
    torch.testing.assert_close(x[at_ends] - x[2], scale * (right[at_ends] + 2.0))  # rounding
    assert not torch.allclose(x - x[2], scale * (right + 2.0), rtol=0.01)
