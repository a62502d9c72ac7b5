"""A user's own reference draws in place of a Hamiltonian Monte Carlo run of ours.

They come by name and constrained, from Stan, PyMC or posteriordb; what the verdict needs beside
them, unconstrained coordinates and log densities, is computed here. How they were drawn is not
known, so energies and divergences are not either.
"""

import difflib

import numpy as np
import torch

# One chain is judged as this many consecutive parts: R-hat compares chains.
PARTS = 4
# At most this many draws are evaluated at once.
BATCH = 4096


class BadReference(ValueError):
    """Draws that are not draws from the posterior at hand."""


def chains_of(
    posterior, named: dict[str, np.ndarray], source: str
) -> tuple[np.ndarray, np.ndarray]:
    """Unconstrained draws theta [C, N, dim] and their log density lp [C, N].

    posterior: with `constrain`, `unconstrain`, `log_density` and `dim`. named: draws by parameter,
    [chain, draw, *shape] or [draw, *shape] each; those of anything else (transformed parameters,
    predictions) are ignored. A single chain is cut into four parts.

    Raises BadReference, naming `source`, for a missing name, a wrong shape, values that are not
    finite or lie outside of the support, or a log density that is not finite.
    """
    shapes = _shapes(posterior)
    missing = [name for name in shapes if name not in named]
    if missing:
        near = difflib.get_close_matches(missing[0], list(named), 1)
        hint = f" (is '{near[0]}' meant?)" if near else ""
        raise BadReference(
            f"{source} has no draws of '{missing[0]}'{hint}; the posterior's parameters are "
            f"{', '.join(shapes)}"
        )
    chains = _by_chain({name: np.asarray(named[name]) for name in shapes}, shapes, source)
    theta = _unconstrained(posterior, chains, source)
    lp = _log_density(posterior, theta)
    if not np.isfinite(lp).all():
        raise BadReference(
            f"{source}: at {_first(~np.isfinite(lp))} the log density is not finite: the draws are "
            "of another posterior, or other data"
        )
    return theta, lp


def _shapes(posterior) -> dict[str, tuple[int, ...]]:
    """The shape of each constrained parameter."""
    with torch.no_grad():
        one = posterior.constrain(torch.zeros(1, posterior.dim, dtype=torch.float64))
    return {name: tuple(value.shape[1:]) for name, value in one.items()}


def _by_chain(draws: dict, shapes: dict, source: str) -> dict[str, np.ndarray]:
    """The draws as float64 [C, N, *shape], C at least four."""
    leading = None
    named = {}
    for name, values in draws.items():
        if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
            raise BadReference(f"{source}: '{name}' holds {values.dtype}, not real numbers")
        values = values.astype(np.float64)
        axes = values.ndim - len(shapes[name])
        if axes not in (1, 2) or values.shape[axes:] != shapes[name]:
            own = "".join(f", {size}" for size in shapes[name])
            raise BadReference(
                f"{source}: '{name}' has shape {list(values.shape)}, and should have "
                f"[chain, draw{own}] or [draw{own}]"
            )
        leading = leading or (name, values.shape[:axes])
        if values.shape[:axes] != leading[1]:
            raise BadReference(
                f"{source}: '{name}' has {list(values.shape[:axes])} draws and '{leading[0]}' "
                f"{list(leading[1])}: all should have the same number"
            )
        if not np.isfinite(values).all():
            where = ~np.isfinite(values.reshape(*leading[1], -1)).all(-1)
            raise BadReference(f"{source}: '{name}' is NaN or infinite at {_first(where)}")
        named[name] = _cut(values if axes == 2 else values[None], source)
    return named


def _cut(values: np.ndarray, source: str) -> np.ndarray:
    """Several chains [C, N, ...] as they are; one as consecutive parts, up to three draws fewer."""
    chains, draws = values.shape[:2]
    length = draws if chains > 1 else draws // PARTS
    if length < 4:
        raise BadReference(f"{source} holds {chains} chain of {draws} draws: too few to judge")
    if chains > 1:
        return values
    return values[:, : PARTS * length].reshape(PARTS, length, *values.shape[2:])


def _unconstrained(posterior, named: dict, source: str) -> np.ndarray:
    """theta [C, N, dim]; the posterior's own words, if it has any, say what lies outside."""
    try:
        theta = posterior.unconstrain(named)
    except Exception as error:
        raise BadReference(f"{source}: {error}") from error
    theta = torch.as_tensor(theta).detach().cpu().double()
    with torch.no_grad():
        back = posterior.constrain(theta)
    for name, values in named.items():
        found = back[name].cpu().numpy()
        # A value on the edge of a support is moved inside by rounding, one beyond it is not found.
        away = ~np.isclose(found, values, rtol=1e-6, atol=1e-9)
        if away.any():
            where = away.reshape(*away.shape[:2], -1).any(-1)
            raise BadReference(f"{source}: '{name}' is outside of its support at {_first(where)}")
    return theta.numpy()


def _log_density(posterior, theta: np.ndarray) -> np.ndarray:
    """The log density [C, N] at theta [C, N, dim]."""
    points = torch.from_numpy(theta).reshape(-1, theta.shape[-1])
    with torch.no_grad():
        values = [posterior.log_density(part).cpu() for part in points.split(BATCH)]
    return torch.cat(values).double().numpy().reshape(theta.shape[:2])


def _first(where: np.ndarray) -> str:
    """The first place in a mask, of chains and draws or of draws alone, and how many there are."""
    place = ", ".join(map(str, np.argwhere(where)[0]))
    kind = "chain, draw" if where.ndim == 2 else "draw"
    count = int(where.sum())
    return f"{kind} {place}" + (f" and {count - 1} more" if count > 1 else "")
