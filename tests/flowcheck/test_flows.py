"""Every flow, by the same tests: a bijection whose determinant and density are what they say."""

from functools import cache
from pathlib import Path

import pytest
import torch

import flowcheck.flows
from flowcheck.flows import base, make_flow
from flowcheck.flows.base import sample, stack_replicates
from flowcheck.gaussian import standard_normal_log_prob

SETTINGS = {
    "planar": {"layers": 4},
    "nice": {"blocks": 2, "hidden": [8, 8], "activation": "silu"},
    "realnvp": {"blocks": 2, "hidden": [8, 8], "activation": "silu", "scale_bound": 5.0},
    "realnvp_printed": {"blocks": 2, "hidden": [8, 8], "activation": "silu"},
}
# How far parameters are moved from their start. As printed, a shift is the exponential of a network
# of such exponentials: farther out it overflows.
MOVED = {"realnvp_printed": 0.2}
REPLICATES = 3
every_flow = pytest.mark.parametrize("family", SETTINGS)
every_dim = pytest.mark.parametrize("dim", [2, 3, 5])


@cache
def flow_and_params(family, dim, seed=0):
    """A flow with float64 parameters well away from the identity, shared by read-only tests."""
    flow = make_flow(family, dim, SETTINGS[family])
    generator = torch.Generator().manual_seed(seed)
    params = flow.initial(generator, "near_identity")
    moved = MOVED.get(family, 0.3)
    return flow, {
        name: (value + moved * torch.randn(value.shape, generator=generator)).double()
        for name, value in params.items()
    }


def normal(*shape, seed=100):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def jacobians(flow, params, z):
    """dx/dz [S, dim, dim], one point at a time, by autograd."""
    return torch.stack(
        [
            torch.autograd.functional.jacobian(
                lambda point: flow.forward(params, point.unsqueeze(0))[0][0], point
            )
            for point in z
        ]
    )


def test_every_flow_is_tested():
    folder = Path(flowcheck.flows.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "base", "mlp"} == set(
        SETTINGS
    )


@every_flow
@every_dim
def test_log_determinant_is_the_jacobians(family, dim):
    flow, params = flow_and_params(family, dim)
    z = normal(8, dim)
    _, log_det = flow.forward(params, z)
    expected = torch.linalg.slogdet(jacobians(flow, params, z)).logabsdet
    assert expected.abs().max() > 0.1  # else the flow is the identity, and nothing is tested
    # A few hundred operations at 1e-16 each, and a determinant of 5 x 5: 1e-12 has room.
    torch.testing.assert_close(log_det, expected, rtol=1e-12, atol=1e-12)


@every_flow
@every_dim
def test_inverse_undoes_forward(family, dim):
    flow, params = flow_and_params(family, dim)
    z = normal(50, dim)
    x, log_det = flow.forward(params, z)
    assert (x - z).abs().max() > 0.1
    back, inverse_log_det = flow.inverse(params, x)
    # Rounding, times the condition of the map: slopes down to 1e-2 in these layers.
    torch.testing.assert_close(back, z, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(inverse_log_det, -log_det, rtol=1e-9, atol=1e-9)


@every_flow
@every_dim
def test_forward_undoes_inverse(family, dim):
    flow, params = flow_and_params(family, dim)
    x = 2 * normal(50, dim, seed=101)
    z, log_det = flow.inverse(params, x)
    back, forward_log_det = flow.forward(params, z)
    torch.testing.assert_close(back, x, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(forward_log_det, -log_det, rtol=1e-9, atol=1e-9)


@every_flow
@every_dim
def test_replicates_side_by_side_agree_with_each_alone(family, dim):
    flow, _ = flow_and_params(family, dim)
    replicates = [flow_and_params(family, dim, seed)[1] for seed in range(REPLICATES)]
    stacked = stack_replicates(replicates)
    z = normal(REPLICATES, 7, dim)
    for transform in (flow.forward, flow.inverse):
        value, log_det = transform(stacked, z)
        assert log_det.shape == (REPLICATES, 7)
        for r, params in enumerate(replicates):
            value_alone, log_det_alone = transform(params, z[r])
            # Batched products sum in another order: rounding only.
            torch.testing.assert_close(value[r], value_alone, rtol=1e-12, atol=1e-12)
            torch.testing.assert_close(log_det[r], log_det_alone, rtol=1e-12, atol=1e-12)


@every_flow
def test_density_integrates_to_one(family):
    flow, params = flow_and_params(family, 2)
    axis = torch.linspace(-15, 15, 601, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    mass = flow.log_prob(params, grid).exp().sum() * (axis[1] - axis[0]) ** 2
    # The trapezoidal rule on a smooth density that has decayed at the edges; what is left is the
    # planar flow's sharp bends, of a width near the spacing 0.05.
    assert abs(mass - 1) < 1e-5


@every_flow
@every_dim
def test_log_prob_agrees_with_the_change_of_variables(family, dim):
    flow, params = flow_and_params(family, dim)
    z = normal(20, dim)
    x, log_det = flow.forward(params, z)
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1) - log_det
    # As the round trip's.
    torch.testing.assert_close(flow.log_prob(params, x), expected, rtol=1e-9, atol=1e-9)


def score_by_the_jacobian(flow, params, z):
    """d log q / dx at f(z): d log q / dz, solved for what it is in x."""
    z = z.clone().requires_grad_()
    _, log_det = flow.forward(params, z)
    (pulled,) = torch.autograd.grad((standard_normal_log_prob(z) - log_det).sum(), z)
    jacobian = jacobians(flow, params, z.detach())
    return torch.linalg.solve(jacobian.mT, pulled.unsqueeze(-1)).squeeze(-1)


@every_flow
@every_dim
def test_score_is_that_of_the_density(family, dim):
    flow, params = flow_and_params(family, dim)
    z = normal(8, dim)
    x, log_det, score = flow.forward_and_score(params, z)
    plain = flow.forward(params, z)
    # The same operations in another order: rounding.
    torch.testing.assert_close((x, log_det), plain, rtol=1e-12, atol=1e-12)
    # A solve with the Jacobian: rounding times its condition.
    expected = score_by_the_jacobian(flow, params, z)
    torch.testing.assert_close(score, expected, rtol=1e-9, atol=1e-9)


# Planar's inverse is a bisection, which has no derivative.
@pytest.mark.parametrize("family", ["nice", "realnvp"])
@every_dim
def test_score_without_a_recursion_goes_through_the_inverse(family, dim):
    flow, params = flow_and_params(family, dim)
    z = normal(8, dim)
    x, log_det, score = base.Flow.forward_and_score(flow, params, z)
    torch.testing.assert_close((x, log_det), flow.forward(params, z), rtol=0, atol=0)
    expected = score_by_the_jacobian(flow, params, z)
    torch.testing.assert_close(score, expected, rtol=1e-9, atol=1e-9)


@every_flow
def test_score_is_held_and_the_point_is_not(family):
    flow, params = flow_and_params(family, 2)
    params = {name: value.clone().requires_grad_() for name, value in params.items()}
    z = normal(8, 2)
    x, log_det, score = flow.forward_and_score(params, z)
    assert not score.requires_grad
    found = torch.autograd.grad((x.sum(), log_det.sum()), list(params.values()))
    plain = flow.forward(params, z)
    expected = torch.autograd.grad([part.sum() for part in plain], list(params.values()))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)  # rounding


@every_flow
def test_score_batched_is_that_of_each_replicate(family):
    replicates = [flow_and_params(family, 3, seed)[1] for seed in range(REPLICATES)]
    flow, _ = flow_and_params(family, 3)
    z = normal(REPLICATES, 6, 3)
    batched = flow.forward_and_score(stack_replicates(replicates), z)
    for r, params in enumerate(replicates):
        alone = flow.forward_and_score(params, z[r])
        of_r = tuple(part[r] for part in batched)
        torch.testing.assert_close(of_r, alone, rtol=1e-10, atol=1e-10)  # rounding


@every_flow
@pytest.mark.parametrize("init", ["near_identity", "published"])
def test_initial_values_come_from_the_generator_alone(family, init):
    flow, _ = flow_and_params(family, 2)
    first, second, other = (
        flow.initial(torch.Generator().manual_seed(seed), init) for seed in (3, 3, 4)
    )
    assert all(value.dtype == torch.float32 for value in first.values())
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@every_flow
def test_samples_have_their_own_generator_and_density(family):
    flow, _ = flow_and_params(family, 2)
    stacked = stack_replicates([flow_and_params(family, 2, seed)[1] for seed in range(2)])
    generators = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    x, log_q = sample(flow, stacked, 100, generators)
    assert x.shape == (2, 100, 2)
    assert x.dtype == torch.float64
    torch.testing.assert_close(log_q, flow.log_prob(stacked, x), rtol=1e-8, atol=1e-8)
    swapped, _ = sample(flow, stacked, 100, [torch.Generator().manual_seed(s) for s in (5, 7)])
    assert torch.equal(x[0], swapped[0])
    assert not torch.equal(x[1], swapped[1])


@every_flow
def test_unknown_setting_is_refused_by_name(family):
    with pytest.raises(ValueError, match=f"'{family}' refuses.*colour"):
        make_flow(family, 2, SETTINGS[family] | {"colour": "red"})


@pytest.mark.parametrize("family", ["nice", "realnvp"])
def test_couplings_need_two_dimensions(family):
    with pytest.raises(ValueError, match="at least two dimensions"):
        make_flow(family, 1, SETTINGS[family])
