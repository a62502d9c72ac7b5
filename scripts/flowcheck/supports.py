"""Constrained parameters and their unconstrained coordinates, with log-Jacobians.

A parameter with a support (positive, a simplex, ...) is a bijection's image of some real numbers u.
A log density of the parameter becomes one of u by adding log |d value / d u|. The bijections are
those of torch.distributions, and one for ordered vectors, which torch lacks.
"""

import math
import operator
from keyword import iskeyword

import numpy as np
import torch
from torch import Tensor
from torch.distributions import biject_to, constraints
from torch.distributions.transforms import Transform

from flowcheck.model_errors import ModelError, nearest

# What cannot name a parameter: files of draws use it next to the parameters.
RESERVED = ("chain", "draw", "log_q", "log_p")
DISCRETE = ("integer", "int", "boolean", "bool", "binary", "categorical", "count", "discrete")
# How far a value may move on its way to unconstrained coordinates and back and be inside.
BACK_RTOL, BACK_ATOL = 1e-6, 1e-9
_REFUSED_DISCRETE = (
    "discrete parameters cannot be sampled by gradients: sum them out of the density "
    "(torch.logsumexp over their values)"
)


class OrderedTransform(Transform):
    """Real vectors to increasing ones: y_0 = x_0, y_i = y_{i-1} + exp(x_i)."""

    domain = constraints.real_vector
    codomain = constraints.real_vector  # its increasing vectors
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        return torch.cat([x[..., :1], x[..., 1:].exp()], -1).cumsum(-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return torch.cat([y[..., :1], y.diff(dim=-1).log()], -1)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x[..., 1:].sum(-1)


# Supports on which a constant density has a finite integral.
_BOUNDED = (
    constraints.interval
    | constraints.half_open_interval
    | type(constraints.simplex)
    | type(constraints.corr_cholesky)
)
_BY_NAME = {
    "real": lambda: biject_to(constraints.real),
    "positive": lambda: biject_to(constraints.positive),
    "simplex": lambda: biject_to(constraints.simplex),
    "ordered": OrderedTransform,
}


class Parameter:
    """One named parameter: its constrained shape, and how it is made of `size` real numbers.

    Both are flattened in C order. A simplex of n has n - 1 unconstrained coordinates, and its
    density is that of its first n - 1 entries (Stan's convention, and torch's).
    """

    def __init__(self, name: str, declared):
        """declared: a support or (support, shape), as a target's `parameters` gives them.

        Raises ModelError, without naming the file, for an unusable support, shape or name.
        """
        _check_name(name)
        support, shape = _split(name, declared)
        self.name, self.shape = name, _shape(name, shape)
        self.transform, self.bounded = _bijection(name, support)
        self.is_real = support == "real"  # its own coordinates, with no Jacobian
        self.inner = self._inner_shape(support)
        self.size = math.prod(self.inner)

    def constrain(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """u [..., size] -> the value [..., *shape] and log |d value / d u| [...]."""
        x = u.reshape((*u.shape[:-1], *self.inner))
        if self.is_real:
            return x, torch.zeros_like(u[..., 0])
        value = self.transform(x)
        log_det = self.transform.log_abs_det_jacobian(x, value)
        # Elementwise bijections give a term for each element, others one for each vector.
        return value, log_det.sum(
            tuple(range(u.ndim - 1, log_det.ndim))
        ) if log_det.ndim >= u.ndim else log_det

    def unconstrain(self, value: Tensor) -> Tensor:
        """The inverse of `constrain`: value [..., *shape] -> u [..., size]."""
        leading = value.shape[: value.ndim - len(self.shape)]
        return self.transform.inv(value).reshape((*leading, self.size))

    def outside(self, value: Tensor) -> Tensor:
        """Which of the values [n, *shape] lie outside of the support, or on its edge: [n]."""
        u = self.unconstrain(value)
        # A bijection may move what lies beyond the edge to the edge.
        back = torch.isclose(self.constrain(u)[0], value, rtol=BACK_RTOL, atol=BACK_ATOL)
        return ~(u.isfinite().all(-1) & back.reshape(len(value), -1).all(-1))

    def _inner_shape(self, support) -> tuple[int, ...]:
        event = self.transform.codomain.event_dim
        if len(self.shape) < event:
            raise ModelError(
                f"parameter '{self.name}': {_shown(support)} needs a shape of at least {event} "
                f'axes: ("{self.name}": ({_shown(support)}, {"3" if event == 1 else "(3, 3)"}))'
            )
        try:
            inner = tuple(self.transform.inverse_shape(self.shape))
            zeros = torch.zeros(inner, dtype=torch.float64)
            value = self.transform(zeros)
            self.transform.log_abs_det_jacobian(zeros, value)
        except (ValueError, RuntimeError, NotImplementedError) as error:
            raise ModelError(
                f"parameter '{self.name}': {_shown(support)} of shape {self.shape} cannot be "
                f"mapped from real numbers: {type(error).__name__} {error}".rstrip()
            ) from None
        if tuple(value.shape) != self.shape:
            raise ModelError(
                f"parameter '{self.name}': the bounds of {_shown(support)} have another shape "
                f"than {self.shape}: give the shape {tuple(value.shape)}"
            )
        if math.prod(inner) == 0:
            raise ModelError(
                f"parameter '{self.name}': {_shown(support)} of shape {self.shape} has nothing "
                "left to vary"
            )
        return inner


def scalars(name: str, shape: tuple[int, ...]) -> list[str]:
    """Names of a parameter's scalars in C order: "sigma", or "beta[0]", "beta[1]", or "a[0,1]"."""
    if not shape:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(*shape)]


def _check_name(name) -> None:
    if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
        raise ModelError(
            f"parameter {name!r}: a name must be usable as an argument of a Python function: "
            "letters, digits and _, not a keyword such as lambda (write lam)"
        )
    if name in RESERVED or name == "self":
        raise ModelError(
            f"parameter '{name}' clashes with a name that files use next to the parameters "
            f"({', '.join(RESERVED)}) or in Python (self): rename it, here and in log_density"
        )


def _split(name: str, declared) -> tuple:
    """(support, shape) of one entry: a support alone has shape ()."""
    if isinstance(declared, tuple | list) and declared and declared[0] != "interval":
        if len(declared) == 2:
            return declared[0], declared[1]
        raise ModelError(
            f"parameter '{name}': {declared!r} is neither a support nor (support, shape), such as "
            '("real", 3) or (("interval", 0, 1), (2, 3))'
        )
    return declared, ()


def _shape(name: str, shape) -> tuple[int, ...]:
    entries = shape if isinstance(shape, tuple | list | torch.Size) else (shape,)
    try:
        whole = tuple(_whole(entry) for entry in entries)
    except (TypeError, ValueError):
        whole = (-1,)
    if any(entry < 1 for entry in whole):
        raise ModelError(
            f"parameter '{name}': {shape!r} is not a shape: one or more whole numbers from 1 on, "
            "such as 3 or (2, 3)"
        )
    return whole


def _whole(entry) -> int:
    """An axis's length; numbers from the data are float64."""
    if isinstance(entry, str | bool) or float(entry) != int(entry):
        raise ValueError(entry)
    return operator.index(int(entry))


def _bijection(name: str, support) -> tuple[Transform, bool]:
    """The bijection onto a support, and whether the support is bounded."""
    if isinstance(support, str) and support in _BY_NAME:
        return _BY_NAME[support](), support == "simplex"
    if isinstance(support, tuple | list) and support and support[0] == "interval":
        return biject_to(constraints.interval(*_bounds(name, support))), True
    if isinstance(support, constraints.Constraint):
        return _of_constraint(name, support)
    if isinstance(support, str) and support.lower() in DISCRETE:
        raise ModelError(f"parameter '{name}': {_REFUSED_DISCRETE}")
    if isinstance(support, type) and support in (int, bool, float):
        support = support.__name__
    raise ModelError(
        f"parameter '{name}': no support {support!r}{nearest(support, (*_BY_NAME, 'interval'))}. "
        'A support is "real", "positive", "simplex", "ordered", ("interval", a, b), or a '
        "constraint of torch.distributions.constraints that has a bijection"
    )


def _bounds(name: str, support) -> tuple[float, float]:
    try:
        low, high = map(float, support[1:])
    except (TypeError, ValueError):
        low, high = math.nan, math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ModelError(
            f"parameter '{name}': {support!r} is not an interval: write (\"interval\", a, b) with "
            'finite a < b, and with a shape (("interval", a, b), shape)'
        )
    return low, high


def _of_constraint(name: str, support: constraints.Constraint) -> tuple[Transform, bool]:
    if support.is_discrete:
        raise ModelError(f"parameter '{name}': {_REFUSED_DISCRETE}")
    try:
        transform = biject_to(support)
    except NotImplementedError:
        raise ModelError(
            f"parameter '{name}': torch has no bijection onto {support}. For a covariance use "
            "constraints.corr_cholesky and a positive vector of standard deviations"
        ) from None
    if not transform.bijective:
        raise ModelError(f"parameter '{name}': torch's map onto {support} is not one to one")
    return transform, isinstance(support, _BOUNDED)


def _shown(support) -> str:
    return f'"{support}"' if isinstance(support, str) else str(support)
