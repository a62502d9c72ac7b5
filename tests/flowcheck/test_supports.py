"""Bijections onto supports: round trips, and log-Jacobians against automatic differentiation."""

import pytest
import torch
from scipy import stats
from torch.distributions import biject_to, constraints
from torch.distributions.transforms import Transform

from flowcheck.model_errors import ModelError
from flowcheck.supports import OrderedTransform, Parameter, scalars

# (declaration, constrained shape, unconstrained size, check of a value)
SUPPORTS = {
    "real": ("real", (), 1, lambda v: v.isfinite()),
    "a real matrix": (("real", (2, 3)), (2, 3), 6, lambda v: v.isfinite()),
    "positive": (("positive", 4), (4,), 4, lambda v: v > 0),
    "interval": (("interval", -1, 2), (), 1, lambda v: (v > -1) & (v < 2)),
    "an interval's vector": ((("interval", 0, 1), 3), (3,), 3, lambda v: (v > 0) & (v < 1)),
    "simplex": (("simplex", 4), (4,), 3, lambda v: (v > 0) & ((v.sum(-1, True) - 1).abs() < 1e-12)),
    "two simplices": (("simplex", (2, 3)), (2, 3), 4, lambda v: v > 0),
    "ordered": (("ordered", 4), (4,), 4, lambda v: v.diff(dim=-1) > 0),
    "two ordered": (("ordered", (2, 3)), (2, 3), 6, lambda v: v.diff(dim=-1) > 0),
    "greater than": (constraints.greater_than(3.0), (), 1, lambda v: v > 3),
    "less than": ((constraints.less_than(-1.0), 2), (2,), 2, lambda v: v < -1),
    "bounds of their own": (
        (constraints.interval(torch.zeros(2).double(), torch.tensor([1.0, 5.0]).double()), 2),
        (2,),
        2,
        lambda v: (v > 0) & (v < torch.tensor([1.0, 5.0])),
    ),
    "correlations": (
        (constraints.corr_cholesky, (3, 3)),
        (3, 3),
        3,
        lambda v: ((v @ v.mT).diagonal(dim1=-2, dim2=-1) - 1).abs() < 1e-12,
    ),
    "data's shape": (("real", torch.tensor(3.0, dtype=torch.float64)), (3,), 3, torch.isfinite),
}


def points(size: int) -> torch.Tensor:
    return torch.randn(5, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("support", SUPPORTS)
def test_a_support_and_its_inverse(support):
    declared, shape, size, inside = SUPPORTS[support]
    parameter = Parameter("x", declared)
    assert parameter.shape == shape
    assert parameter.size == size
    u = points(size)
    value, log_det = parameter.constrain(u)
    assert value.shape == (5, *shape)
    assert log_det.shape == (5,)
    assert bool(inside(value).all())
    # Rounding, which a logarithm near an edge magnifies a little.
    torch.testing.assert_close(parameter.unconstrain(value), u, rtol=1e-9, atol=1e-9)
    alone, alone_log_det = parameter.constrain(u[2])
    assert torch.equal(alone, value[2])
    assert torch.equal(alone_log_det, log_det[2])


def free(parameter: Parameter, value: torch.Tensor) -> torch.Tensor:
    """The entries of a value that vary freely, whose density the log-Jacobian is for."""
    if isinstance(parameter.transform, OrderedTransform) or parameter.size == value.numel():
        return value.reshape(-1)
    if parameter.transform.codomain is constraints.simplex:
        return value[..., :-1].reshape(-1)
    return value[tuple(torch.tril_indices(*value.shape, -1))]


@pytest.mark.parametrize("support", SUPPORTS)
def test_log_jacobians_are_autograds(support):
    declared, _, size, _ = SUPPORTS[support]
    parameter = Parameter("x", declared)
    for u in points(size):
        jacobian = torch.autograd.functional.jacobian(
            lambda u: free(parameter, parameter.constrain(u)[0]), u
        )
        expected = torch.linalg.slogdet(jacobian)[1]
        torch.testing.assert_close(parameter.constrain(u)[1], expected, rtol=1e-9, atol=1e-9)


def test_a_simplex_has_a_density_on_all_but_its_last_entry():
    # Dirichlet(2, 3, 4) in u: its integral over the plane is 1 with the right Jacobian.
    parameter = Parameter("p", ("simplex", 3))
    dirichlet = stats.dirichlet([2, 3, 4])

    axis = torch.linspace(-12, 12, 401, dtype=torch.float64)
    value, log_det = parameter.constrain(torch.cartesian_prod(axis, axis))
    density = dirichlet.pdf(value[:, :-1].T.numpy()) * log_det.exp().numpy()
    # Smooth, and below 1e-9 at the edges: the trapezoidal rule is exact to that.
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize(
    ("declared", "values", "expected"),
    [
        ("real", [0.0, -1e6, torch.nan, torch.inf], [False, False, True, True]),
        ("positive", [1e-6, 5.0, 0.0, -1.0], [False, False, True, True]),
        (("interval", -1, 2), [-0.999, 1.999, -1.001, 2.5], [False, False, True, True]),
        (("simplex", 2), [[0.2, 0.8], [0.2, 0.7], [-0.1, 1.1]], [False, True, True]),
        (("positive", 2), [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]], [False, True, True]),
        (("ordered", 3), [[0.0, 1.0, 2.0], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0]], [False, True, True]),
    ],
)
def test_values_outside_of_a_support_are_found(declared, values, expected):
    values = torch.tensor(values, dtype=torch.float64)
    assert Parameter("x", declared).outside(values).tolist() == expected


@pytest.mark.parametrize("support", SUPPORTS)
def test_bounded_supports_are_known(support):
    # On these a constant density has a finite integral.
    bounded = {"interval", "an interval's vector", "simplex", "two simplices", "correlations"}
    declared = SUPPORTS[support][0]
    assert Parameter("x", declared).bounded == (support in bounded | {"bounds of their own"})


def test_a_bijection_without_a_jacobian_is_refused(monkeypatch):
    class Odd(constraints.Constraint):
        """The cubes of real numbers."""

    class Cube(Transform):
        domain, codomain, bijective = constraints.real, constraints.real, True

        def _call(self, x):
            return x**3

    monkeypatch.setitem(biject_to._registry, Odd, lambda constraint: Cube())
    with pytest.raises(ModelError, match=r"'x': .* cannot be mapped .* NotImplementedError"):
        Parameter("x", Odd())


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((), ["b"]),
        ((2,), ["b[0]", "b[1]"]),
        ((2, 2), ["b[0,0]", "b[0,1]", "b[1,0]", "b[1,1]"]),
    ],
)
def test_scalars_are_named_in_c_order(shape, expected):
    assert scalars("b", shape) == expected
