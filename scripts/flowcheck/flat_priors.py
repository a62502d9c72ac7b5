"""Which parameters have flat priors, as far as a density can show it.

A flat prior on an unbounded parameter has no integral: what integrates to the "evidence" is then a
normaliser, and Bayes factors with it mean nothing. One density does not tell prior from likelihood,
but two things show it. With every row of the data repeated, the log likelihood doubles, so that
2 log p(data, value) - log p(data twice, value) is the log prior. And where the density is the sum
of `log_prob`s of torch.distributions, a parameter with a prior is in the value of one of them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from flowcheck.calls import double_precision

# A derivative is zero if it is this small beside what it is the difference of: rounding is 1e-12.
RELATIVE = 1e-8


def twice(data: dict[str, np.ndarray]) -> dict[str, np.ndarray] | None:
    """The data with every row repeated: in arrays of the most common length; None without."""
    lengths = Counter(len(array) for array in data.values() if array.ndim)
    if not lengths:
        return None
    rows = max(lengths, key=lambda length: (lengths[length], length))
    repeated = {name: np.concatenate([a, a]) for name, a in data.items() if a.shape[:1] == (rows,)}
    return data | repeated


def by_repeated_data(posterior, repeated, u: Tensor) -> list[str]:
    """Names of parameters with flat priors, from the Posterior of the data and of the data twice.

    u: [n, dim] points. A flat prior is one that is constant in the parameter, or in the logarithm
    and the like that the parameter is sampled in. Empty where the two densities do not show any.
    """
    if repeated.dim != posterior.dim or repeated.names != posterior.names:
        return []
    once, doubled = posterior.gradient(u), repeated.gradient(u)
    size = 2 * once.abs() + doubled.abs()
    prior = 2 * once - doubled  # with the Jacobian, so on R^dim
    flat = _zero(prior, size) | _zero(prior - _jacobian_gradient(posterior, u), size)
    return _names(posterior, flat & ~_zero(once, torch.ones_like(once)))


def by_recorded_terms(posterior, u: Tensor) -> list[str]:
    """Names of parameters with flat priors, from the `log_prob`s that the density is the sum of.

    u: [dim]. Empty where the target has no `log_density` of named parameters, or where it has other
    terms, of which a parameter's prior may be one.
    """
    if posterior.parameters is None:
        return []
    values = {
        name: value.detach().unsqueeze(0 if posterior.batched else -1).requires_grad_()
        for name, value in posterior.constrain(u).items()
    }
    given = values if posterior.batched else {n: v.squeeze(-1) for n, v in values.items()}
    with double_precision(), _recorded() as terms:
        total = posterior.model.log_density(**given).sum()
    if not terms:
        return []
    rest = total - sum(term.sum() for _, term in terms)
    flat = []
    for one in posterior.parameters:
        used = _derivative(total, values[one.name])
        other = _derivative(rest, values[one.name])
        in_a_value = any(_derivative(v, values[one.name]).any() for v, _ in terms)
        accounted = bool((other.abs() <= RELATIVE * (1 + used.abs())).all())
        if not one.bounded and used.any() and accounted and not in_a_value:
            flat.append(one.name)
    return flat


def _derivative(of, value: Tensor) -> Tensor:
    if not isinstance(of, Tensor) or not of.requires_grad:
        return torch.zeros_like(value)
    found = torch.autograd.grad(of.sum(), value, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(value) if found is None else found


@contextmanager
def _recorded() -> Iterator[list]:
    """A list that fills with (value, result) of each outermost call of a log_prob."""
    terms, depth = [], [0]

    def recorder(log_prob):
        def record(self, value):
            depth[0] += 1
            try:
                result = log_prob(self, value)
            finally:
                depth[0] -= 1
            if depth[0] == 0:
                terms.append((value, result))
            return result

        return record

    originals = {c: vars(c)["log_prob"] for c in _subclasses(Distribution) if "log_prob" in vars(c)}
    for owner, original in originals.items():
        owner.log_prob = recorder(original)
    try:
        yield terms
    finally:
        for owner, original in originals.items():
            owner.log_prob = original


def _subclasses(parent: type) -> set[type]:
    return {parent}.union(*map(_subclasses, parent.__subclasses__()))


def _jacobian_gradient(posterior, u: Tensor) -> Tensor:
    if posterior.parameters is None:
        return torch.zeros_like(u)
    u = u.detach().requires_grad_()
    log_jacobian = posterior.log_jacobian(u).sum()
    return _derivative(log_jacobian, u)


def _zero(derivative: Tensor, size: Tensor) -> Tensor:
    """For each coordinate, whether the derivative [n, dim] is zero at every point: [dim]."""
    return (derivative.abs() <= RELATIVE * size).all(0)


def _names(posterior, flat: Tensor) -> list[str]:
    """Unbounded parameters whose coordinates are all flat; without names, those coordinates."""
    if posterior.parameters is None:
        names = [f"theta[{i}]" for i in range(posterior.dim)]
        return [name for name, is_flat in zip(names, flat.tolist(), strict=True) if is_flat]
    parts = flat.split([one.size for one in posterior.parameters])
    pairs = zip(posterior.parameters, parts, strict=True)
    return [one.name for one, part in pairs if bool(part.all()) and not one.bounded]
