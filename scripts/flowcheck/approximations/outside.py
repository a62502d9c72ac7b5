"""Draws of an approximation made elsewhere: what they are, or in words what is wrong with them.

They come by name, with the log density log_q of what they were drawn from, and perhaps with the log
density log_p of what that approximates. All of one file live in one space: that of the parameters,
or R^d.
"""

import numpy as np
import torch

from flowcheck.approximations.arrays import Arrays, Refused, arrays_of
from flowcheck.approximations.belonging import fault
from flowcheck.approximations.log_p_check import OtherDensity, as_other_space, compare
from flowcheck.distances import REPEATED, repeated
from flowcheck.log_weights import log_densities
from flowcheck.model_errors import ModelError

# A share of draws at which the posterior vanishes that is worth a word.
VANISHING = 0.001


def take(
    posterior, found: dict[str, np.ndarray], space: str, unnormalised: bool = False
) -> tuple[Arrays, list[str]]:
    """The draws on R^dim with log_q and log_p there, None where not given; and notes on them.

    found: draws by parameter, [n, *shape] or [chain, draw, *shape] each, with log_q and log_p, [n]
    or [chain, draw], if there are any. Raises Refused, with what is wrong and how to mend it.
    """
    given, notes = arrays_of(posterior, found, space)
    theta = torch.from_numpy(given.theta)
    scored = given.log_q is not None or given.log_p is not None
    log_jacobian = _log_jacobian(posterior, theta, space) if scored else None
    if scored and space == "constrained":
        moved = (None if one is None else one + log_jacobian for one in given[1:])
        given = Arrays(given.theta, *moved)
    if given.log_p is not None:
        try:
            said = compare(posterior, given.theta, given.log_p, space)
        except OtherDensity as error:
            raise Refused(str(error)) from None
        notes += [said] if said else []
    if given.log_q is not None:
        _check_log_q(given, log_jacobian, space, unnormalised)
    notes += _notes(posterior, given, space)
    return given, notes


def _log_jacobian(posterior, theta: torch.Tensor, space: str) -> np.ndarray:
    """log |d value / d u| [n]; taken as 0 where it is not known, and not needed."""
    try:
        return posterior.log_jacobian(theta).numpy()
    except ModelError as error:
        if space == "constrained":
            raise Refused(str(error)) from None
        return np.zeros(len(theta))


def _check_log_q(given: Arrays, log_jacobian: np.ndarray, space: str, unnormalised: bool) -> None:
    share = repeated(given.theta)
    if share > REPEATED:
        raise Refused(
            f"{100 * share:.0f} % of the draws repeat others: they were resampled (by their "
            "weights, perhaps) or come from a Markov chain, so log_q is not their density. Give "
            "the draws before resampling, or leave log_q out to compare the draws alone"
        )
    wrong = fault(given.theta, given.log_q, log_jacobian)
    if wrong is None or (wrong.kind == "constant" and unnormalised):
        return
    if wrong.kind == "rows":
        raise Refused(
            "these draws and log_q do not belong together: log_q is not higher where the draws are "
            f"dense (rank correlation {wrong.size:.2f}). Perhaps the rows are in another order, or "
            "log_q is of other draws or of another approximation"
        )
    if wrong.kind == "jacobian":
        other = "R^d" if space == "constrained" else "the parameters themselves"
        raise Refused(
            "these draws and log_q do not belong together: log_q is the density in another space, "
            f"that of {other}, but `space: {space}` says otherwise. Give draws and log_q in the "
            "same space"
        )
    side = "above" if wrong.size > 0 else "below"
    raise Refused(
        "these draws and log_q do not belong together: judged by the entropy of the draws, log_q "
        f"is about {abs(wrong.size):.1f} nats {side} their log density. If it lacks its constants, "
        "add them, or set `unnormalised: true` to get Pareto k and the effective sample size only"
    )


def _notes(posterior, given: Arrays, space: str) -> list[str]:
    notes = []
    if given.log_q is None and (share := repeated(given.theta)) > REPEATED:
        notes.append(
            f"{100 * share:.0f} % of the draws repeat others, so no nearest-neighbour "
            "distance is given"
        )
    theta = torch.from_numpy(given.theta)
    vanishing = float(np.mean(~np.isfinite(log_densities(posterior.log_density, theta))))
    if vanishing > VANISHING:
        notes.append(f"the posterior's density vanishes at {100 * vanishing:.1f} % of the draws")
    if space == "unconstrained" and given.log_p is None and _like_the_parameters(posterior, theta):
        notes.append(
            "all draws would be valid as the parameters themselves, too: if they are, set `space: "
            "constrained`"
        )
    return notes


def _like_the_parameters(posterior, theta: torch.Tensor) -> bool:
    """Whether draws said to be unconstrained lie inside the supports, all of them."""
    if posterior.parameters is None or all(one.is_real for one in posterior.parameters):
        return False
    return as_other_space(posterior, theta, "unconstrained") is not None


__all__ = ["Arrays", "Refused", "take"]
