"""Masked layers: what each coordinate may see, and derivatives that are worked out by hand."""

import pytest
import torch

from flowcheck.flows.autoregressive import MaskedLayer
from flowcheck.flows.rational_quadratic import RationalQuadratic
from flowcheck.flows.transformers import Affine, Composed, Shift

TRANSFORMERS = {"shift": Shift(), "affine": Affine(2.0), "spline": RationalQuadratic(4, 5.0)}
TRANSFORMERS["composed"] = Composed(TRANSFORMERS["spline"], TRANSFORMERS["affine"])
orders = pytest.mark.parametrize("descending", [False, True])


def layer_and_params(dim, transformer, descending, activation="silu"):
    layer = MaskedLayer("net", dim, [16, 12], activation, transformer, descending)
    params = layer.initial(torch.Generator().manual_seed(0), zero_last=False)
    return layer, {name: 2 * value.double() for name, value in params.items()}


def points(dim):
    return torch.randn(5, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@orders
@pytest.mark.parametrize("dim", [1, 2, 6])
def test_a_coordinate_is_moved_by_those_before_it_and_by_all_of_them(dim, descending):
    layer, params = layer_and_params(dim, Affine(2.0), descending)
    for x in points(dim):
        jacobian = torch.autograd.functional.jacobian(
            lambda x: layer.fast(params, x.unsqueeze(0))[0][0], x
        )
        jacobian = jacobian.flip(0, 1) if descending else jacobian
        assert torch.equal(jacobian, jacobian.tril())
        below = torch.ones(dim, dim).tril().bool()
        assert (jacobian[below] != 0).all()


@pytest.mark.parametrize(
    ("dim", "descending", "expected"),
    [
        # One coordinate: nothing comes before it, so that its networks' outputs are constants.
        (1, False, [[[0, 0, 0]], [[1, 1]] * 3, [[1, 1], [1, 1]]]),
        (2, True, [[[0, 0, 0], [1, 1, 1]], [[1, 1]] * 3, [[1, 1, 0, 0], [1, 1, 0, 0]]]),
        # Degrees of the inputs 1, 2, 3, of the hidden units 1, 2, 1 and 1, 2; two outputs each.
        (
            3,
            False,
            [
                [[1, 1, 1], [0, 1, 0], [0, 0, 0]],
                [[1, 1], [0, 1], [1, 1]],
                [[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1]],
            ],
        ),
    ],
)
def test_masks_are_those_of_degrees_that_run_through_all_but_the_last(dim, descending, expected):
    layer = MaskedLayer("net", dim, [3, 2], "silu", RationalQuadratic(1, 5.0), descending)
    assert [mask.tolist() for mask in layer.masks] == expected


@orders
@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
@pytest.mark.parametrize("transformer", TRANSFORMERS)
def test_derivatives_by_hand_are_those_of_autograd(transformer, activation, descending):
    layer, params = layer_and_params(4, TRANSFORMERS[transformer], descending, activation)
    x = points(4)
    matrix, gradient = layer.derivatives(params, x)
    for row, point in enumerate(x):
        expected = torch.autograd.functional.jacobian(
            lambda x: tuple(part[0] for part in layer.fast(params, x.unsqueeze(0))), point
        )
        # Sums of the same products in another order.
        torch.testing.assert_close((matrix[row], gradient[row]), expected, rtol=1e-11, atol=1e-11)


@orders
def test_passes_find_what_the_fast_direction_came_from(descending):
    # 30 coordinates, each scaled and shifted by all before it: values in between are wild.
    layer, params = layer_and_params(30, Affine(2.0), descending)
    x = points(30)
    y, log_det = layer.fast(params, x)
    with torch.no_grad():
        found, undone = layer.solve(params, y)
    torch.testing.assert_close(found, x, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(undone, -log_det, rtol=1e-9, atol=1e-9)
