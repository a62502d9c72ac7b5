"""Every flow, by the same tests: a bijection whose determinant and density are what they say."""

from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import torch

import flowcheck.flows
from flowcheck.flows import base, make_flow
from flowcheck.flows.base import sample
from flowcheck.gaussian import standard_normal_log_prob

COUPLING = {"blocks": 2, "hidden": [8, 8], "activation": "silu"}
MASKED = {"layers": 2, "hidden": [8, 8], "activation": "silu", "scale_bound": 3.0}
SETTINGS = {
    "mean_field": {},
    "full_rank": {},
    "planar": {"layers": 4},
    "radial": {"layers": 4},
    "nice": COUPLING,
    "realnvp": COUPLING | {"scale_bound": 5.0},
    "spline": COUPLING | {"bins": 5, "tail_bound": 4.0, "scale_bound": 1.0},
    "realnvp_printed": COUPLING,
    "iaf": MASKED,
    "maf": MASKED,
}
COUPLINGS = ("nice", "realnvp", "realnvp_printed", "spline")
# How far parameters are moved from their start. As printed, a shift is the exponential of a network
# of such exponentials: farther out it overflows.
MOVED = {"realnvp_printed": 0.2}
REPLICATES = 3
every_flow = pytest.mark.parametrize("family", SETTINGS)
# A family, the dimension, and whether the flow ends in the coordinates of a Gaussian.
CASES = [
    (family, dim, inside)
    for family in SETTINGS
    for dim, inside in ((1, False), (2, False), (3, True), (5, False))
    if dim > 1 or family not in COUPLINGS
]
every_case = pytest.mark.parametrize(("family", "dim", "inside"), CASES)


@cache
def flow_and_params(family, dim, inside=False, seed=0):
    """A flow with float64 parameters well away from the identity, shared by read-only tests."""
    coordinates = None
    if inside:
        generator = torch.Generator().manual_seed(50)
        factor = torch.eye(dim) + 0.4 * torch.randn(dim, dim, generator=generator).tril(-1)
        coordinates = torch.randn(dim, generator=generator), factor.double()
    flow = make_flow(family, dim, SETTINGS[family], coordinates)
    generator = torch.Generator().manual_seed(seed)
    params = flow.initial(generator, "near_identity")
    moved = MOVED.get(family, 0.3)
    return flow, {
        name: (value + moved * torch.randn(value.shape, generator=generator)).double()
        for name, value in params.items()
    }


def stacked(replicates):
    """R dictionaries of tensors -> one dictionary with a leading axis [R]."""
    return {name: torch.stack([p[name] for p in replicates]) for name in replicates[0]}


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
    names = {path.stem for path in folder.glob("*.py")} - {"__init__", "base"}
    families = {name for name in names if hasattr(import_module(f"flowcheck.flows.{name}"), "Flow")}
    assert families == set(SETTINGS)


@every_case
def test_log_determinant_is_the_jacobians(family, dim, inside):
    flow, params = flow_and_params(family, dim, inside)
    z = normal(6, dim)
    _, log_det = flow.forward(params, z)
    expected = torch.linalg.slogdet(jacobians(flow, params, z)).logabsdet
    assert expected.abs().max() > 0.05  # else the flow is the identity, and nothing is tested
    # Some hundred operations at 1e-16 each, and the condition of a determinant of 5 x 5; a spline's
    # slope is that of a bin which may be a hundred times as steep.
    torch.testing.assert_close(log_det, expected, rtol=1e-12, atol=1e-12)


@every_case
def test_inverse_undoes_forward_and_forward_inverse(family, dim, inside):
    flow, params = flow_and_params(family, dim, inside)
    start = 1.5 * normal(50, dim)
    for there, back in ((flow.forward, flow.inverse), (flow.inverse, flow.forward)):
        end, log_det = there(params, start)
        assert (end - start).abs().max() > 0.1
        again, reverse_log_det = back(params, end)
        # Rounding, times the condition of the map: slopes down to 1e-2 in each of these layers.
        torch.testing.assert_close(again, start, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(reverse_log_det, -log_det, rtol=1e-8, atol=1e-8)


@every_case
def test_replicates_side_by_side_agree_with_each_alone(family, dim, inside):
    flow, _ = flow_and_params(family, dim, inside)
    replicates = [flow_and_params(family, dim, inside, seed)[1] for seed in range(REPLICATES)]
    z = normal(REPLICATES, 7, dim)
    for transform in (flow.forward, flow.inverse, flow.forward_and_score):
        together = transform(stacked(replicates), z)
        assert together[0].shape == z.shape
        assert together[1].shape == (REPLICATES, 7)
        for r, params in enumerate(replicates):
            alone = transform(params, z[r])
            # Batched products sum in another order: rounding, times the condition of the map.
            torch.testing.assert_close(
                tuple(part[r] for part in together), alone, rtol=1e-10, atol=1e-10
            )


@every_flow
def test_density_integrates_to_one(family):
    flow, params = flow_and_params(family, 2)
    axis = torch.linspace(-14, 14, 561, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    rough = family in ("radial", "spline")
    if rough:
        params = {name: 0.5 * value for name, value in params.items()}
    mass = flow.log_prob(params, grid).exp().sum() * (axis[1] - axis[0]) ** 2
    # The trapezoidal rule on a smooth density that has decayed at the edges; what is left is the
    # planar flow's sharp bends, of a width near the spacing 0.05. A radial flow's density has a
    # cone, a spline's a kink at each knot: their errors are of second order in the spacing.
    assert abs(mass - 1) < (2e-4 if rough else 1e-5)


@every_case
def test_log_prob_agrees_with_the_change_of_variables(family, dim, inside):
    flow, params = flow_and_params(family, dim, inside)
    z = normal(20, dim)
    x, log_det = flow.forward(params, z)
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1) - log_det
    # As the round trip's.
    torch.testing.assert_close(flow.log_prob(params, x), expected, rtol=1e-8, atol=1e-8)


def score_by_the_jacobian(flow, params, z):
    """d log q / dx at f(z): d log q / dz, solved for what it is in x."""
    z = z.clone().requires_grad_()
    _, log_det = flow.forward(params, z)
    (pulled,) = torch.autograd.grad((standard_normal_log_prob(z) - log_det).sum(), z)
    jacobian = jacobians(flow, params, z.detach())
    return torch.linalg.solve(jacobian.mT, pulled.unsqueeze(-1)).squeeze(-1)


@every_case
def test_score_is_that_of_the_density(family, dim, inside):
    flow, params = flow_and_params(family, dim, inside)
    z = normal(8, dim)
    x, log_det, score = flow.forward_and_score(params, z)
    plain = flow.forward(params, z)
    # The same operations in another order: rounding.
    torch.testing.assert_close((x, log_det), plain, rtol=1e-12, atol=1e-12)
    # A solve with the Jacobian: rounding times its condition.
    expected = score_by_the_jacobian(flow, params, z)
    torch.testing.assert_close(score, expected, rtol=1e-8, atol=1e-8)
    if family == "planar":  # whose inverse is a bisection, which has no derivative
        return
    by_autograd = x.detach().requires_grad_()
    (expected,) = torch.autograd.grad(flow.log_prob(params, by_autograd).sum(), by_autograd)
    torch.testing.assert_close(score, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("family", [family for family in SETTINGS if family != "planar"])
def test_score_without_a_recursion_goes_through_the_inverse(family):
    flow, params = flow_and_params(family, 3)
    z = normal(8, 3)
    x, log_det, score = base.Flow.forward_and_score(flow, params, z)
    torch.testing.assert_close((x, log_det), flow.forward(params, z), rtol=0, atol=0)
    expected = score_by_the_jacobian(flow, params, z)
    torch.testing.assert_close(score, expected, rtol=1e-8, atol=1e-8)


@every_flow
@pytest.mark.parametrize("inside", [False, True])
def test_score_is_held_and_the_point_is_not(family, inside):
    flow, params = flow_and_params(family, 3, inside)
    params = {name: value.clone().requires_grad_() for name, value in params.items()}
    z = normal(8, 3)
    x, log_det, score = flow.forward_and_score(params, z)
    assert not score.requires_grad
    values = list(params.values())
    found = torch.autograd.grad((x.square().sum(), log_det.sum()), values, allow_unused=True)
    x, log_det = flow.forward(params, z)
    expected = torch.autograd.grad((x.square().sum(), log_det.sum()), values, allow_unused=True)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)  # rounding


@every_flow
def test_gradient_in_the_parameters_is_that_of_finite_differences(family):
    # Of any function of x and the log determinant: a masked layer's slow direction takes its
    # derivatives from a Newton step, which automatic differentiation cannot vouch for itself.
    flow, params = flow_and_params(family, 3)
    z = normal(4, 3)

    def function(params):
        x, log_det = flow.forward(params, z)
        return (x.sin() * torch.arange(1.0, 4.0)).sum() + log_det.square().sum()

    direction = {name: normal(*value.shape, seed=7) for name, value in params.items()}
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    gradients = torch.autograd.grad(function(leaves), list(leaves.values()))
    found = sum((g * d).sum() for g, d in zip(gradients, direction.values(), strict=True))
    step = 1e-5
    ahead, behind = (
        function({name: value + sign * step * direction[name] for name, value in params.items()})
        for sign in (1, -1)
    )
    # A central difference: an error of step^2 = 1e-10 times a third derivative of some thousands,
    # and rounding of 1e-16 over the step.
    torch.testing.assert_close(found, (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-5)


@every_flow
@pytest.mark.parametrize("init", ["near_identity", "published"])
def test_initial_values_come_from_the_generator_alone(family, init):
    for flow, _ in (flow_and_params(family, 2), flow_and_params(family, 3, True)):
        first, second, other = (
            flow.initial(torch.Generator().manual_seed(seed), init) for seed in (3, 3, 4)
        )
        assert all(value.dtype == torch.float32 for value in first.values())
        assert all(torch.equal(first[name], second[name]) for name in first)
        same = all(torch.equal(first[name], other[name]) for name in first)
        # A Gaussian has one sensible start, the standard normal.
        assert same == (family in ("mean_field", "full_rank"))


@pytest.mark.parametrize("family", [name for name in SETTINGS if name not in ("planar", "radial")])
@pytest.mark.parametrize("dim", [2, 5])
def test_default_start_keeps_a_standard_normal(family, dim):
    flow = make_flow(family, dim, SETTINGS[family])
    params = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    z = normal(20, dim).float()
    x, log_det = flow.forward(params, z)
    # float32 rounding, where a spline's pieces are put together.
    torch.testing.assert_close(log_det, torch.zeros(20), rtol=0, atol=1e-4)
    if family not in ("nice", "realnvp_printed"):  # whose shifts do not start at zero
        torch.testing.assert_close(x.sort(-1).values, z.sort(-1).values, rtol=1e-5, atol=1e-5)
    if family in ("realnvp", "spline", "iaf", "maf") and dim == 2:
        torch.testing.assert_close(x, z, rtol=1e-5, atol=1e-5)


@every_flow
def test_samples_have_their_own_generator_and_density(family):
    flow, _ = flow_and_params(family, 3, True)
    params = stacked([flow_and_params(family, 3, True, seed)[1] for seed in range(2)])
    generators = [torch.Generator().manual_seed(seed) for seed in (5, 6)]
    x, log_q = sample(flow, params, 100, generators)
    assert x.shape == (2, 100, 3)
    assert x.dtype == torch.float64
    torch.testing.assert_close(log_q, flow.log_prob(params, x), rtol=1e-8, atol=1e-8)
    swapped, _ = sample(flow, params, 100, [torch.Generator().manual_seed(s) for s in (5, 7)])
    assert torch.equal(x[0], swapped[0])
    assert not torch.equal(x[1], swapped[1])


def test_more_samples_than_are_taken_at_a_time_are_those_of_the_flow(monkeypatch):
    monkeypatch.setattr(base, "ROWS", 20)
    flow, _ = flow_and_params("realnvp", 3, True)
    params = stacked([flow_and_params("realnvp", 3, True, seed)[1] for seed in range(2)])
    x, _ = sample(flow, params, 47, [torch.Generator().manual_seed(seed) for seed in (5, 6)])
    z = [torch.randn(47, 3, generator=torch.Generator().manual_seed(s), dtype=torch.float64)
         for s in (5, 6)]  # fmt: skip
    torch.testing.assert_close(x, flow.forward(params, torch.stack(z))[0], rtol=1e-12, atol=1e-12)


@every_flow
def test_unknown_setting_is_refused_by_name(family):
    with pytest.raises(ValueError, match=f"'{family}' refuses.*colour"):
        make_flow(family, 2, SETTINGS[family] | {"colour": "red"})


def test_flow_without_an_inverse_says_so():
    class OneWay(base.Flow):
        def initial(self, generator, init):
            return {}

        def forward(self, params, z):
            return z, z.new_zeros(z.shape[:-1])

    assert all(flow_and_params(family, 2)[0].invertible for family in SETTINGS)
    assert not OneWay(2).invertible
    with pytest.raises(NotImplementedError, match="has no inverse"):
        OneWay(2).log_prob({}, torch.zeros(1, 2))
