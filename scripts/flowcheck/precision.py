"""What double precision leaves of a log density whose constants are large.

A log density keeps all its constants, so that data far from the model, or many of them, give it
values of 1e9 and more, of which a difference of one nat is the tenth digit. Single precision loses
it, and from 5e9 on double precision knows the evidence no better than to 1e-6 nats.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor, float64

# Nats: an evidence known less well than this is not called exact.
LIMIT = 1e-6
EPSILON = 2.0**-52


class PrecisionError(ValueError):
    """Double precision cannot hold a result; the message names the data and the cure."""


class Shifted(NamedTuple):
    """A log density less a constant: log_density(u) + constant is the whole, u [..., dim]."""

    log_density: Callable[[Tensor], Tensor]
    constant: float


def shift(target, point: Tensor) -> Shifted:
    """The target's log density less its value at `point` [dim], taken in float64.

    A target may bring a form of its own that never adds the constant: `relative_log_density(u)`,
    with the constant as `reference`. Where `point` has no finite log density, the constant is 0.
    """
    model = getattr(target, "model", target)
    own = getattr(model, "relative_log_density", None)
    if own is not None:
        return Shifted(own, model.reference)
    constant = float(target.log_density(point.to(float64)))
    constant = constant if math.isfinite(constant) else 0.0

    def log_density(u: Tensor) -> Tensor:
        return (target.log_density(u.to(float64)) - constant).to(u.dtype)

    return Shifted(log_density, constant)


def require_digits(log_evidence: float, tolerance: float, whose: str) -> None:
    """Raise PrecisionError unless `log_evidence` is finite and `tolerance` at most 1e-6 nats.

    tolerance: everything that bounds its error, rounding included; whose: the data, in words.
    """
    if math.isfinite(log_evidence) and tolerance <= LIMIT:
        return
    raise PrecisionError(
        f"{whose}: their log evidence, {log_evidence:.10g}, is known only to {tolerance:.1g} nats "
        f"in double precision, and it counts as exact only within {LIMIT:g}. Centre the data, or "
        "rescale both them and the model's standard deviations to a size near 1"
    )


def require_variance(variance: float, of: str, whose: str) -> None:
    """Raise PrecisionError unless `variance` is a positive number; of: the parameter."""
    if math.isfinite(variance) and variance > 0:
        return
    raise PrecisionError(
        f"{whose}: the posterior variance of {of} comes out as {variance:g} in double precision. "
        "Centre the data, or rescale them and the model's standard deviations alike"
    )
