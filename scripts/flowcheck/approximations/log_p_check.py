"""Whether the log density that came with draws is ours, and if it is not, how the two differ.

A constant difference does no harm. Anything else means that the approximation is of another
posterior than the one at hand, or that something was mixed up on the way: the space, the order of
parameters. What makes the difference a constant is what was mixed up.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch

from flowcheck.approximations.explaining import explaining_parameters
from flowcheck.log_weights import log_densities
from flowcheck.model_errors import ModelError
from flowcheck.rounding import plain
from flowcheck.supports import scalars

# Draws that are looked at, at most; and that each guess of a mix-up is tried on.
DRAWS, TRIED = 2000, 200
# So much may two computations of one log density differ, in nats and relative to its size: theirs
# may be in single precision.
ABSOLUTE, RELATIVE = 1e-3, 1e-6
# Pairs of scalars that are exchanged in turn, at most.
MOST_PAIRS = 300
# Parameters of one shape, or entries of one, of which every order is tried.
EVERY_ORDER = 4


class OtherDensity(ValueError):
    """Their log density is not ours, not even up to a constant: the message says why."""


def compare(posterior, theta: np.ndarray, log_p: np.ndarray, space: str) -> str | None:
    """What there is to note, None where the two agree; theta [n, dim], log_p [n] on R^dim.

    space: of the file, for the messages. Raises OtherDensity if they differ by no constant.
    """
    some = np.unique(np.linspace(0, len(theta) - 1, DRAWS).round().astype(int))
    u = torch.from_numpy(theta[some])
    theirs = log_p[some]
    ours = log_densities(posterior.log_density, u)
    finite = np.isfinite(ours) & np.isfinite(theirs)
    if finite.sum() < 2:
        raise OtherDensity(
            "our log density is not finite at any of the draws, but theirs is: the draws are of "
            "another posterior, or in another space or order"
        )
    u, theirs, ours = u[torch.from_numpy(finite)], theirs[finite], ours[finite]
    allowed = ABSOLUTE + RELATIVE * float(np.abs(theirs).max())
    difference = theirs - ours
    if difference.std() <= allowed and finite.mean() > 0.5:
        shift = float(difference.mean())
        if abs(shift) <= allowed:
            return None
        return (
            f"their log_p is {plain(abs(shift))} nats {'above' if shift > 0 else 'below'} ours "
            "everywhere, a constant that makes no difference"
        )
    raise OtherDensity(
        _wrong_space(posterior, u, theirs, ours, space, allowed)
        or _swapped(posterior, u, theirs, space, allowed)
        or _explained(posterior, u, difference)
    )


def _wrong_space(posterior, u, theirs, ours, space: str, allowed: float) -> str | None:
    """Words, if the two differ by the spaces' Jacobian, or the draws lie in the other space."""
    try:
        log_jacobian = posterior.log_jacobian(u).numpy()
    except ModelError:
        return None
    if np.ptp(log_jacobian) == 0:
        return None
    constrained = space == "constrained"
    sign = -1 if constrained else 1
    if np.std(theirs + sign * log_jacobian - ours) <= allowed:
        where, lacks = ("R^d", "has") if constrained else ("the parameters themselves", "lacks")
        return (
            f"log_p is the density on {where}: it {lacks} the Jacobian, and `space: {space}` says "
            "otherwise. Draws, log_q and log_p must all be of one space: change `space`, or what "
            "does not fit it"
        )
    other = as_other_space(posterior, u, space)
    if other is not None:
        moved = log_densities(posterior.log_density, other)
        jacobian = posterior.log_jacobian(other).numpy()
        # theirs was given the Jacobian of the space that was declared.
        raw = theirs - log_jacobian if constrained else theirs + jacobian
        if _spread(raw - moved) <= allowed:
            right = "unconstrained" if constrained else "constrained"
            return (
                f"the draws and log_p fit the {right} space: set `space: {right}` in the "
                "approximation's entry"
            )
    return None


def as_other_space(posterior, u: torch.Tensor, space: str) -> torch.Tensor | None:
    """The draws [n, dim] as they would be if the file's numbers were of the other space; None where
    they cannot be."""
    parts = posterior.split_by_name(u)
    if parts is None:
        return None
    try:
        if space == "constrained":
            values = posterior.constrain(u)
            raw = [values[name].reshape(part.shape) for name, part in parts.items()]
            return torch.cat(raw, -1)
        named = {
            name: part.reshape(*part.shape[:1], *posterior.shapes[name]).numpy()
            for name, part in parts.items()
        }
        return posterior.unconstrain(named)
    except (ModelError, RuntimeError):  # values outside of a support, or other sizes
        return None


def _spread(difference: np.ndarray) -> float:
    finite = np.isfinite(difference)
    return float(difference[finite].std()) if finite.mean() > 0.9 else math.inf


def _swapped(posterior, u, theirs, space: str, allowed: float) -> str | None:
    """Words, if the parameters in another order make the difference a constant."""
    raw = theirs
    if space == "constrained":
        # A swap changes the Jacobian that theirs was given.
        raw = theirs - posterior.log_jacobian(u).numpy()
        values = {k: v.numpy() for k, v in posterior.constrain(u).items()}
    else:
        parts = posterior.split_by_name(u) or {"theta": u}
        values = {k: v.numpy() for k, v in parts.items()}
    some = slice(0, TRIED)
    few = {name: value[some] for name, value in values.items()}

    def spread(named: dict, of: slice) -> float:
        try:
            if space == "constrained":
                moved = posterior.unconstrain(named)
                given = raw[of] + posterior.log_jacobian(moved).numpy()
            else:
                moved = torch.cat(
                    [torch.from_numpy(v).reshape(len(v), -1) for v in named.values()], -1
                )
                given = raw[of]
        except ModelError:
            return math.inf
        return _spread(given - log_densities(posterior.log_density, moved))

    for words, rearranged in _rearrangements(few):
        if spread(rearranged, some) <= allowed:
            return f"{words}: in that order their log_p is ours up to a constant"
    pairs = _exchanged(few, lambda named: spread(named, some), allowed)
    if pairs:
        listed = ", ".join(f"{a} with {b}" for a, b in pairs)
        return f"coordinates are exchanged ({listed}): after moving them back, their log_p is ours"
    return None


def _rearrangements(values: dict) -> Iterator[tuple[str, dict]]:
    """Likely mix-ups of arrays by name: parameters of one shape exchanged, entries reordered."""
    by_shape = {}
    for name, value in values.items():
        by_shape.setdefault(value.shape, []).append(name)
    for names in by_shape.values():
        whole = itertools.permutations(names) if len(names) <= EVERY_ORDER else ()
        pairs = (
            tuple({a: b, b: a}.get(name, name) for name in names)
            for a, b in itertools.combinations(names, 2)
        )
        for order in (*pairs, *whole):
            moved = [name for name, other in zip(names, order, strict=True) if name != other]
            if moved:
                swap = dict(zip(names, order, strict=True))
                yield (
                    f"the parameters {' and '.join(moved)} are swapped",
                    {name: values[swap.get(name, name)] for name in values},
                )
    for name, value in values.items():
        if value.ndim > 2:
            # As R and Julia store them.
            columns_first = value.reshape(len(value), *value.shape[:0:-1])
            axes = (0, *range(value.ndim - 1, 0, -1))
            yield (
                f"the entries of {name} are in another order (columns first, not rows)",
                values | {name: columns_first.transpose(axes)},
            )
        if value.ndim > 1:
            yield (
                f"the entries of {name} are in reverse order",
                values | {name: value[:, ::-1].copy()},
            )


def _exchanged(values: dict, spread: Callable, allowed: float) -> list[tuple[str, str]]:
    """Pairs of scalars whose exchange, one after the other, makes the difference a constant; [] if
    none do. Each time the pair that helps most is exchanged."""
    names = [one for name, value in values.items() for one in scalars(name, value.shape[1:])]
    pairs = list(itertools.combinations(range(len(names)), 2))
    if len(pairs) > MOST_PAIRS:
        return []
    columns = np.concatenate([value.reshape(len(value), -1) for value in values.values()], 1)

    def named(columns: np.ndarray) -> dict:
        found, start = {}, 0
        for name, value in values.items():
            size = math.prod(value.shape[1:])
            found[name] = columns[:, start : start + size].reshape(value.shape)
            start += size
        return found

    def exchange(columns: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
        moved = columns.copy()
        moved[:, list(pair)] = columns[:, list(pair[::-1])]
        return moved

    done, best = [], spread(named(columns))
    for _ in range(len(names)):
        tried = [(spread(named(exchange(columns, pair))), pair) for pair in pairs]
        found, pair = min(tried)
        if not found < best:
            return []
        columns, best = exchange(columns, pair), found
        done.append((names[pair[0]], names[pair[1]]))
        if best <= allowed:
            return done
    return []


def _explained(posterior, u: torch.Tensor, difference: np.ndarray) -> str:
    """Words on which parameters the difference depends."""
    values = {k: v.numpy().reshape(len(u), -1) for k, v in posterior.constrain(u).items()}
    names, share = explaining_parameters(values, difference)
    size = (
        "their log_p does not differ from ours by a constant "
        f"(sd {plain(float(difference.std()))} nats)"
    )
    leave = "or leave log_p out to measure the draws against this posterior anyway"
    if names and share >= 0.9:
        listed = " and ".join(names)
        return (
            f"{size}; the difference is a function of {listed} ({100 * share:.0f} % of its "
            f"variance): compare the prior of {listed} and its support in the two models, {leave}"
        )
    most = (
        f"; most of it goes with {names[0]} ({100 * share:.0f} % of its variance)" if names else ""
    )
    return (
        f"{size}{most}, and no parameter alone explains it: the likelihoods or the data differ; "
        f"fix one of the models, {leave}"
    )
