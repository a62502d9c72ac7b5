"""Why chains failed their verdict, and what to do about it: rules, in words."""

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

# Parts are separate if chains cross from one to the other less often than this share of what
# independent draws would. A slow walk across one part's middle crosses it much more often: with an
# autocorrelation of 0.999 at 0.03.
CROSSING = 0.01
# Where the boundary between two parts is looked for: at these quantiles of all draws.
QUANTILES = np.linspace(0.02, 0.98, 49)
# Divergences gather at an end if their mean rank is this near to it; 0.5 if they are scattered.
GATHERED = 0.2
# Fewer divergences than this are at no end.
FEWEST_DIVERGENCES = 5
# How many times the draws that a deficit asks for are advised.
MARGIN = 1.2
# R-hat shrinks in proportion to the draws only once chains overlap.
OVERLAPPING_RHAT = 1.1


class Advice(NamedTuple):
    """The likely cause of a failure, and how to cure it."""

    cause: str
    cure: str


class Run(NamedTuple):
    """What the rules look at: theta [C, N, dim]; energy, diverging [C, N] or None; failures."""

    theta: np.ndarray
    energy: np.ndarray | None
    diverging: np.ndarray | None
    failed: set[str]
    coordinates: list[str]


class Split(NamedTuple):
    """A boundary: crossings over those of independent draws, crossings, who is mostly above [C]."""

    ratio: float
    crossings: int
    edge: float
    above: np.ndarray


SEPARATE_CURE = (
    "more draws cannot help, or only a little; if the parts are copies of each other (a sign or "
    "labels exchanged), constrain the parameters so that only one remains (ordered, positive); "
    "otherwise reparameterise, or study each part as a separate posterior"
)
FUNNEL_CURE = (
    "write what that scale multiplies in non-centred form: x = mu + tau * e with e ~ N(0, 1), "
    "where e, not x, is the parameter; if each group has plenty of data, use the centred form "
    "instead"
)


def diagnose(
    theta: np.ndarray,
    lp: np.ndarray,
    energy: np.ndarray | None,
    diverging: np.ndarray | None,
    checks: dict,
    coordinates: list[str],
) -> Advice:
    """The first rule that holds of chains theta [C, N, dim] whose checks did not all pass.

    lp, energy, diverging: [C, N], None where unknown; coordinates: the names of theta's.
    """
    failed = {name for name, check in checks.items() if check["passed"] is False}
    if not (np.isfinite(theta).all() and np.isfinite(lp).all()):
        return Advice(
            "draws, or log densities of draws, are not finite",
            "look for an overflow or a logarithm of a negative number in the log density",
        )
    still = np.flatnonzero(np.ptp(theta, axis=(0, 1)) == 0)
    if still.size:
        return Advice(
            f"{coordinates[still[0]]} never changes",
            "leave it out of the parameters, or make sure that the log density depends on it "
            "smoothly",
        )
    run = Run(theta, energy, diverging, failed, coordinates)
    # A single chain apart may be stuck in a funnel's neck: that is looked for first.
    advice = _separate_parts(run, 2) or _funnel(run) or _separate_parts(run, 1) or _rough(run)
    if advice is not None:
        return advice
    if failed & {"rhat", "ess_bulk", "ess_tail", "ess_moments"}:
        return _too_short(theta.shape[1], checks, failed)
    return _wrong_moments()


def _separate_parts(run: Run, fewest: int) -> Advice | None:
    """Groups of at least `fewest` chains on either side of a boundary that is hardly crossed."""
    chains = len(run.theta)
    if not run.failed & {"rhat", "ess_bulk"} or chains < 2:
        return None
    splits = [_split(run.theta[..., i]) for i in range(run.theta.shape[-1])]
    place = int(np.argmin([split.ratio for split in splits]))
    ratio, crossings, edge, above = splits[place]
    upper, name, values = int(above.sum()), run.coordinates[place], run.theta[..., place]
    if ratio > CROSSING or min(upper, chains - upper) < fewest:
        return None
    signs = ((values > 0) == above[:, None]).all()
    if crossings > 0:
        times = "once" if crossings == 1 else f"{crossings} times"
        seen = f"they cross {edge:.3g} in {name} {times} in {values.size} draws"
    elif signs:
        seen = (
            f"no chain ever changes sign in {name}: {chains - upper} stay below zero and {upper} "
            "above"
        )
    else:
        seen = (
            f"{chains - upper} of {chains} chains stay below {edge:.3g} in {name} and {upper} above"
        )
    moves = "do not" if crossings == 0 else "hardly ever"
    return Advice(
        f"the posterior has separate parts between which chains {moves} move: {seen}",
        SEPARATE_CURE,
    )


def _split(values: np.ndarray) -> Split:
    """The boundary that chains [C, N] cross most rarely."""
    means = np.sort(values.mean(1))
    widest = int(np.argmax(np.diff(means)))
    edges = [*np.quantile(values, QUANTILES), 0.5 * (means[widest] + means[widest + 1])]
    return min((_crossed(values, float(edge)) for edge in edges), key=lambda split: split.ratio)


def _crossed(values: np.ndarray, edge: float) -> Split:
    """How often chains [C, N] cross the edge."""
    above = values > edge
    crossings = int((above[:, 1:] != above[:, :-1]).sum())
    share = above.mean()
    expected = 2 * share * (1 - share) * (above.size - len(above))
    ratio = crossings / expected if expected > 0 else np.inf
    return Split(float(ratio), crossings, edge, above.mean(1) > 0.5)


def _funnel(run: Run) -> Advice | None:
    """Divergences at one end of a coordinate, or energies that move slowly and follow one."""
    names, ranks = run.coordinates, _ranks(run.theta)
    if "divergent" in run.failed and run.diverging.sum() >= FEWEST_DIVERGENCES:
        means = ranks[run.diverging].mean(0)
        place = int(np.argmax(np.abs(means - 0.5)))
        if min(means[place], 1 - means[place]) < GATHERED:
            end = "low" if means[place] < 0.5 else "high"
            return Advice(
                f"a funnel: {int(run.diverging.sum())} divergent trajectories gather at the {end} "
                f"end of {names[place]}, where the posterior is too narrow for the step size",
                FUNNEL_CURE,
            )
    if "ebfmi" in run.failed:
        energies = _ranks(run.energy[..., None]) - 0.5
        slopes = np.abs(((ranks - 0.5) * energies).mean((0, 1)))
        return Advice(
            "a funnel or a heavy tail: the energy varies far more than one trajectory changes it "
            f"(E-BFMI), and it follows {names[int(np.argmax(slopes))]} most",
            FUNNEL_CURE,
        )
    return None


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks in (0, 1) within each quantity [C, N, k] over all its draws."""
    flat = values.reshape(-1, values.shape[-1])
    return ((rankdata(flat, axis=0) - 0.5) / len(flat)).reshape(values.shape)


def _rough(run: Run) -> Advice | None:
    """Divergences with no place of their own."""
    if "divergent" not in run.failed:
        return None
    return Advice(
        f"{int(run.diverging.sum())} of {run.diverging.size} trajectories diverged, at no "
        "particular end of a coordinate: the step size is too large for some corner of the "
        "posterior, or the log density jumps",
        "raise target_acceptance (0.9, then 0.97); if that changes nothing, look for a jump or a "
        "kink in the log density",
    )


def _too_short(draws: int, checks: dict, failed: set) -> Advice:
    """How many draws the deficits ask for: both shrink in proportion."""
    factors = [
        check["limit"] / check["value"]
        for name, check in checks.items()
        if name.startswith("ess") and check["value"]
    ]
    rhat = checks["rhat"]["value"]
    if rhat is not None:
        factors.append((rhat - 1) / (checks["rhat"]["limit"] - 1))
    needed = _rounded_up(MARGIN * max([1.0, *factors]) * draws)
    least = "at least " if rhat is None or rhat > OVERLAPPING_RHAT else "about "
    return Advice(
        "the chains are too short: they do not agree well enough with each other",
        f"run longer: by this run's R-hat and effective draws, {least}{needed:,} draws per chain, "
        "and as many again in the warm-up; if a longer run does not help, reparameterise",
    )


def _rounded_up(count: float) -> int:
    """To two significant digits."""
    unit = 10 ** max(0, math.floor(math.log10(count)) - 1)
    return math.ceil(count / unit) * unit


def _wrong_moments() -> Advice:
    return Advice(
        "the chains agree with each other but not with the exact moments: all of them miss a part "
        "of the posterior, or the density, its gradient and `exact()` are inconsistent",
        "compare the log density with the formulas behind `exact()`; start the chains further "
        "apart",
    )
