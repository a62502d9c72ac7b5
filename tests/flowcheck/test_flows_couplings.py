"""What is particular to NICE and RealNVP, and to the perceptrons they share."""

import math

import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.flows.mlp import initial_mlp, mlp

NICE = {"blocks": 3, "hidden": [8, 8], "activation": "silu"}
REALNVP = NICE | {"scale_bound": 5.0}


def published(flow, seed=0):
    params = flow.initial(torch.Generator().manual_seed(seed), "published")
    return {name: value.double() for name, value in params.items()}


@pytest.mark.parametrize("dim", [2, 3])
def test_nice_has_one_determinant_for_every_z(dim):
    flow = make_flow("nice", dim, NICE)
    params = published(flow)
    z = 10 * torch.randn(50, dim, generator=torch.Generator().manual_seed(1)).double()
    x, log_det = flow.forward(params, z)
    assert torch.equal(log_det, log_det[0].expand(50))
    assert float(log_det[0]) == pytest.approx(float(params["scale"].abs().log().sum()), rel=1e-14)
    assert not torch.equal(x, z)


def test_nice_keeps_volume_at_its_default_start():
    flow = make_flow("nice", 2, NICE)
    params = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    _, log_det = flow.forward(params, torch.randn(5, 2))
    assert torch.equal(log_det, torch.zeros(5))


def test_realnvp_as_printed_adds_the_exponential_of_the_shift():
    # One block in two dimensions, written out as equations 28 and 29 have it.
    settings = {"blocks": 1, "hidden": [8, 8], "activation": "silu"}
    flow = make_flow("realnvp_printed", 2, settings)
    params = published(flow)
    z = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)).double()

    def networks(name, x):
        return mlp(params, name, 3, x, "silu").unbind(-3)

    m1, m2 = networks("right0", z[:, :1])
    right = z[:, 1:] * m1.exp() + m2.exp()
    m1, m2 = networks("left0", right)
    expected = torch.cat([z[:, :1] * m1.exp() + m2.exp(), right], -1)
    torch.testing.assert_close(flow.forward(params, z)[0], expected, rtol=1e-14, atol=1e-14)


def test_realnvp_starts_as_the_identity():
    flow = make_flow("realnvp", 2, REALNVP)
    params = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    x, log_det = flow.forward(params, z)
    assert torch.equal(x, z)
    assert torch.equal(log_det, torch.zeros(5))


@pytest.mark.parametrize("size", [1e4, 1e15])
def test_bounded_scale_cannot_overflow(size):
    # Network outputs of order `size`: exp of them is infinite from 89 in float32.
    z = size * torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    bounded, free = (
        make_flow("realnvp", 2, REALNVP | {"scale_bound": bound}) for bound in (5.0, None)
    )
    params = {name: 3 * value.float() for name, value in published(bounded).items()}
    for transform in (bounded.forward, bounded.inverse):
        value, log_det = transform(params, z)
        assert value.isfinite().all()
        # Each of the 3 blocks scales each of the 2 coordinates once, by at most exp(5).
        assert float(log_det.abs().max()) <= 5.0 * 2 * 3 * (1 + 1e-6)
    assert not free.forward(params, z)[0].isfinite().all()


def test_small_log_scales_are_barely_bounded():
    # c tanh(s / c) = s - s^3 / (3 c^2) + ...: for s near 0.1 and c = 5 it takes off 1e-5.
    bounded, free = (
        make_flow("realnvp", 2, REALNVP | {"scale_bound": bound}) for bound in (5.0, None)
    )
    params = {name: 0.5 * value for name, value in published(bounded).items()}
    z = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)).double()
    (_, with_bound), (_, without) = (flow.forward(params, z) for flow in (bounded, free))
    torch.testing.assert_close(with_bound, without, rtol=0, atol=1e-2)
    assert not torch.equal(with_bound, without)


@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
def test_perceptrons_side_by_side_are_torchs_own_layers(activation):
    params = initial_mlp("net", 2, [3, 5, 4, 2], torch.Generator().manual_seed(0), False)
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(1))
    outputs = mlp(params, "net", 3, x, activation)
    assert outputs.shape == (2, 7, 2)
    for net in range(2):
        hidden = x
        for layer in range(3):
            weight, bias = params[f"net.weight{layer}"][net], params[f"net.bias{layer}"][net, 0]
            hidden = torch.nn.functional.linear(hidden, weight.mT, bias)
            if layer < 2:
                hidden = getattr(torch.nn.functional, activation)(hidden)
        torch.testing.assert_close(outputs[net], hidden, rtol=1e-5, atol=1e-6)  # float32


def test_initial_weights_have_the_range_of_torchs_linear_layers():
    params = initial_mlp("net", 1, [4, 500, 3], torch.Generator().manual_seed(0), False)
    for layer, n_in in ((0, 4), (1, 500)):
        weight, limit = params[f"net.weight{layer}"], 1 / math.sqrt(n_in)
        # 1500 uniform values or more: the largest misses the limit by a fraction of 1/1500.
        assert 0.98 * limit < float(weight.abs().max()) <= limit
        # A uniform variable's spread is limit / sqrt(3), here with a relative error of 2 %.
        assert float(weight.std()) == pytest.approx(limit / math.sqrt(3), rel=0.08)
        assert 0.0 < float(params[f"net.bias{layer}"].abs().max()) <= limit


def test_zeroed_last_layer_makes_the_zero_function():
    params = initial_mlp("net", 2, [1, 8, 1], torch.Generator().manual_seed(0), True)
    assert torch.equal(mlp(params, "net", 2, torch.randn(5, 1), "silu"), torch.zeros(2, 5, 1))
    assert params["net.weight0"].abs().max() > 0
