"""What is particular to couplings, and to the perceptrons that they share with masked layers."""

import math

import pytest
import torch

from flowcheck.flows import make_flow
from flowcheck.flows.mlp import initial_mlp, mlp, mlp_jacobian

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


@pytest.mark.parametrize("family", ["nice", "realnvp", "spline"])
def test_couplings_need_two_dimensions(family):
    settings = {"blocks": 1, "hidden": [2], "activation": "silu"}
    settings |= {"scale_bound": 2.0} if family == "realnvp" else {}
    with pytest.raises(ValueError, match="at least two dimensions"):
        make_flow(family, 1, settings)


def which_meet(flow):
    """[dim, dim], whether an output depends on an input, at some of many points."""
    params = {name: 3 * value for name, value in published(flow).items()}
    z = torch.randn(20, flow.dim, generator=torch.Generator().manual_seed(1)).double()
    rows = torch.autograd.functional.jacobian(lambda z: flow.forward(params, z)[0].sum(0), z)
    return (rows != 0).any(1)


@pytest.mark.parametrize("dim", [4, 7, 16])
def test_coordinates_that_moved_together_meet_in_a_later_block(dim):
    one, more = (make_flow("realnvp", dim, REALNVP | {"blocks": blocks}) for blocks in (1, 4))
    # In one block the right half is scaled and shifted, and no coordinate of it sees another.
    right = which_meet(one)[dim // 2 :, dim // 2 :]
    assert torch.equal(right, torch.eye(len(right), dtype=torch.bool))
    assert which_meet(more).all()


def halves_of_each_block(dim, blocks):
    """Which coordinates are the left half of each block, as the identity carries them along."""
    flow = make_flow("realnvp", dim, REALNVP | {"blocks": 1})
    halves, found = flow._halves(torch.arange(dim)), []
    for _ in range(blocks):
        found.append(set(halves[0].tolist()))
        halves = flow._shuffled(halves)
    return found


@pytest.mark.parametrize("dim", [3, 4, 7, 16, 31, 50])
def test_the_shuffle_separates_every_pair_within_six_blocks(dim):
    lefts = halves_of_each_block(dim, 6)
    for first in range(dim):
        for second in range(first):
            assert any((first in left) != (second in left) for left in lefts)


@pytest.mark.parametrize("dim", [2, 3, 8, 9])
def test_the_shuffle_is_undone(dim):
    flow = make_flow("realnvp", dim, REALNVP)
    halves = flow._halves(torch.randn(5, dim))
    shuffled = flow._shuffled(halves)
    assert [half.shape for half in shuffled] == [half.shape for half in halves]
    assert torch.equal(shuffled[0], halves[0]) == (dim == 2)
    for half, expected in zip(flow._unshuffled(shuffled), halves, strict=True):
        assert torch.equal(half, expected)


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


@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
@pytest.mark.parametrize("hidden", [[], [5], [5, 4]])
def test_perceptrons_jacobian_is_autograds(hidden, activation):
    sizes = [3, *hidden, 2]
    params = initial_mlp("net", 2, sizes, torch.Generator().manual_seed(0), False)
    params = {name: value.double() for name, value in params.items()}
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(1)).double()
    found = mlp_jacobian(params, "net", len(sizes) - 1, x, activation)
    assert found.shape == (2, 7, 3, 2)
    for row, point in enumerate(x):
        expected = torch.autograd.functional.jacobian(
            lambda x: mlp(params, "net", len(sizes) - 1, x.unsqueeze(0), activation)[:, 0], point
        )
        torch.testing.assert_close(found[:, row], expected.mT, rtol=1e-13, atol=1e-13)  # rounding


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
