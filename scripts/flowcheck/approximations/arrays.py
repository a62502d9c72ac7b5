"""Arrays by name as they come from a file, made draws on R^dim: shapes, names and supports."""

from typing import NamedTuple

import numpy as np
import torch

from flowcheck.model_errors import ModelError, nearest

# Fewer draws than this measure nothing.
FEWEST = 100
LOGS = ("log_q", "log_p")
# What files hold besides, without saying anything of draws.
BOOKKEEPING = ("chain", "draw", "sample")


class Refused(ValueError):
    """A file that cannot be used: the message says what is wrong, and how to mend it."""


class Arrays(NamedTuple):
    """theta [n, dim] on R^dim; log_q and log_p [n], None where they are not given."""

    theta: np.ndarray
    log_q: np.ndarray | None
    log_p: np.ndarray | None


def arrays_of(posterior, found: dict[str, np.ndarray], space: str) -> tuple[Arrays, list[str]]:
    """theta on R^dim, with log_q and log_p as they are; and notes.

    found, space: as `outside.take` has them. Raises Refused.
    """
    shapes = posterior.shapes if space == "constrained" else posterior.unconstrained_shapes
    notes = _names(shapes, found)
    leading, values = None, {}
    for name, shape in shapes.items():
        array = _numbers(name, found[name])
        own = array.shape[: max(array.ndim - len(shape), 0)]
        if len(own) not in (1, 2) or array.shape[len(own) :] != shape:
            inner = "".join(f", {size}" for size in shape)
            raise Refused(
                f"'{name}' has shape {list(array.shape)}, and should have [n{inner}] or "
                f"[chain, draw{inner}] in the {space} space"
            )
        leading = leading or (name, own)
        if own != leading[1]:
            raise Refused(
                f"'{name}' has {list(own)} draws and '{leading[0]}' {list(leading[1])}: all "
                "should have the same number"
            )
        values[name] = array.reshape(-1, *shape)
        _finite(name, values[name])
    logs = [_log(name, found, leading[1], posterior.dim) for name in LOGS]
    n = len(next(iter(values.values())))
    if n < FEWEST:
        raise Refused(
            f"there are {n} draws, too few to measure: give at least {FEWEST}, preferably 10,000"
        )
    return Arrays(_on_the_reals(posterior, values, space), *logs), notes


def _names(shapes: dict, found: dict) -> list[str]:
    """A note on arrays that are not used. Raises Refused for a parameter without any."""
    extra = [name for name in found if name not in (*shapes, *LOGS, *BOOKKEEPING)]
    for name in shapes:
        if name not in found:
            listed = ", ".join(shapes)
            has = f"; the file has {', '.join(extra)}" if extra else ""
            raise Refused(
                f"there are no draws of '{name}'{nearest(name, extra)}; the parameters are "
                f"{listed}{has}"
            )
    return [f"not used, since no parameters: {', '.join(extra)}"] if extra else []


def _numbers(name: str, value) -> np.ndarray:
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise Refused(f"'{name}' holds {array.dtype}, not real numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


def _finite(name: str, array: np.ndarray) -> None:
    bad = ~np.isfinite(array.reshape(len(array), -1)).all(1)
    if bad.any():
        raise Refused(
            f"'{name}' is NaN or infinite in {int(bad.sum())} of {len(array)} draws, first in draw "
            f"{int(np.argmax(bad))}"
        )


def _log(name: str, found: dict, leading: tuple, dim: int) -> np.ndarray | None:
    """One log density [n], None where it is not given."""
    if name not in found:
        return None
    array = _numbers(name, found[name])
    if array.shape == (*leading, dim) or array.ndim == len(leading) + 1:
        raise Refused(
            f"{name} has shape {list(array.shape)}, one term for each coordinate: the log "
            "density of a draw is their sum, so add them up over the last axis"
        )
    if array.shape != leading:
        raise Refused(
            f"{name} has shape {list(array.shape)}, and should have one number for each draw, "
            f"{list(leading)}"
        )
    flat = array.reshape(-1)
    if np.isnan(flat).all():
        return None  # unknown
    _finite(name, flat)
    return flat


def _on_the_reals(posterior, values: dict, space: str) -> np.ndarray:
    """theta [n, dim]. Raises Refused for values outside of a support."""
    if space == "unconstrained":
        return np.concatenate([value.reshape(len(value), -1) for value in values.values()], 1)
    _inside(posterior, values)
    try:
        theta = posterior.unconstrain(values).numpy()
    except ModelError as error:
        raise Refused(str(error)) from None
    if not np.isfinite(theta).all():
        raise Refused("the target's own `unconstrain` gives numbers that are not finite")
    return theta


def _inside(posterior, values: dict) -> None:
    """Raises Refused for values outside of a support, with what is likely."""
    outside = {}
    for one in posterior.parameters or ():
        bad = one.outside(torch.from_numpy(values[one.name])).numpy()
        if bad.any():
            outside[one.name] = bad
    if not outside:
        return
    name, bad = next(iter(outside.items()))
    raise Refused(
        f"'{name}' lies outside of its support in {int(bad.sum())} of {len(bad)} draws, first in "
        f"draw {int(np.argmax(bad))}{_likely(posterior, values, name)}"
    )


def _likely(posterior, values: dict, name: str) -> str:
    """What may have been mixed up, where values of `name` lie outside of its support."""
    by_name = {one.name: one for one in posterior.parameters}
    own = by_name[name]
    for other in posterior.parameters:
        if other.name == name or other.shape != own.shape or other.is_real == own.is_real:
            continue
        fits = not bool(own.outside(torch.from_numpy(values[other.name])).any())
        back = not bool(other.outside(torch.from_numpy(values[name])).any())
        if fits and back:
            return (
                f", and all values of '{other.name}' lie inside of it: the two may be swapped. If "
                "the draws are of R^d, set `space: unconstrained`"
            )
    return ": if the draws are of R^d, set `space: unconstrained`"
