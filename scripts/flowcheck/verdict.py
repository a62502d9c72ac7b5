"""Whether a chain is a valid reference: a verdict by fixed limits, check by check.

Rank-normalised split R-hat and effective sample sizes: Vehtari, Gelman, Simpson, Carpenter &
Burkner, "Rank-Normalization, Folding, and Localization", 2021 (arXiv 1903.08008), computed by
ArviZ. They are asked of every unconstrained coordinate, of its square and of the log density.
Constrained scalars are increasing functions of those, or nearly, so that ranks would say the same
again: of them, the effective draws behind a mean and a standard deviation are asked.
"""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.stats import norm

from flowcheck.arviz import statistics
from flowcheck.diagnosis import diagnose

RHAT_LIMIT = 1.01
ESS_LIMIT = 1000
EBFMI_LIMIT = 0.3
# Standard errors between a chain's moment and the exact one: luck exceeds 4 once in 16,000. With
# more than COMPARISONS of them the limit grows, so that luck exceeds it anywhere as rarely as it
# exceeds 4 among that many: once in 500 verdicts.
MOMENT_LIMIT = 4.0
COMPARISONS = 32
# The quantiles whose effective draws are the tails'; the fewer count.
TAILS = (0.05, 0.95)
UNKNOWN = "not applicable: the draws came without it"


def judge(
    theta: np.ndarray,
    lp: np.ndarray,
    energy: np.ndarray | None,
    diverging: np.ndarray | None,
    moments: dict[str, Callable],
    exact_moments: dict[str, float],
    constrained: np.ndarray | None = None,
    expectations: dict[str, dict] | None = None,
) -> dict:
    """The verdict on chains theta [C, N, dim], with lp, energy and diverging [C, N].

    energy, diverging: None where unknown: their checks then neither pass nor fail ("passed" is
    None, and "note" says why). moments: functions theta -> [C, N] by name; exact_moments: their
    exact means. For a target with named parameters, constrained [C, N, k] are its scalars, and
    expectations {name: {"mean", "sd"}} names them in order, with what is known exactly.

    Returns {"passed", "checks": {name: {"value", "limit", "passed"}}, "cause", "cure"}; a check
    over several quantities names its "worst"; cause and cure are None where all is well.
    """
    named = {name: constrained[..., i] for i, name in enumerate(expectations or {})}
    coordinates = _coordinates(theta.shape[-1], list(named))
    checks = _mixing(dict(_quantities(theta, lp, coordinates)))
    if named:
        checks["ess_moments"] = _above(*_least(named, ("mean", "sd")), ESS_LIMIT)
    checks["ebfmi"] = _unknown(EBFMI_LIMIT)
    if energy is not None:
        checks["ebfmi"] = _above(float(np.min(statistics().bfmi(energy))), None, EBFMI_LIMIT)
    checks["divergent"] = _unknown(1)
    if diverging is not None:
        checks["divergent"] = _below(int(np.sum(diverging)), None, 1)
    checks |= _against_exact(theta, moments, exact_moments, named, expectations or {})
    passed = all(check["passed"] is not False for check in checks.values())
    advice = None if passed else diagnose(theta, lp, energy, diverging, checks, coordinates)
    return {
        "passed": passed,
        "checks": checks,
        "cause": advice and advice.cause,
        "cure": advice and advice.cure,
    }


def moment_limit(comparisons: int) -> float:
    """The limit in standard errors for that many comparisons: 4 for up to 32, then slowly more."""
    return float(norm.isf(norm.sf(MOMENT_LIMIT) * min(1.0, COMPARISONS / max(comparisons, 1))))


def _coordinates(dim: int, names: list[str]) -> list[str]:
    """What to call theta's coordinates: by the scalars' names, where there are as many."""
    if len(names) == dim:
        return [f"{name} (unconstrained)" for name in names]
    return [f"theta[{i}]" for i in range(dim)]


def _quantities(theta, lp, coordinates) -> Iterator[tuple[str, np.ndarray]]:
    yield "log density", lp
    for i, name in enumerate(coordinates):
        yield name, theta[..., i]
    for i, name in enumerate(coordinates):
        yield f"{name} squared", theta[..., i] ** 2


def _mixing(quantities: dict[str, np.ndarray]) -> dict:
    """R-hat and effective sample sizes, each at its worst over all quantities [C, N]."""
    rhats = {name: _rhat(values) for name, values in quantities.items()}
    return {
        "rhat": _below(*_worst(rhats, max), RHAT_LIMIT),
        "ess_bulk": _above(*_least(quantities, ("bulk",)), ESS_LIMIT),
        "ess_tail": _above(*_least(quantities, ("tail",)), ESS_LIMIT),
    }


def _least(quantities: dict[str, np.ndarray], methods: Iterable[str]) -> tuple[float, str]:
    """The fewest effective draws by any of the methods, and of which quantity."""
    found = {name: _smallest(_ess(v, m) for m in methods) for name, v in quantities.items()}
    return _worst(found, min)


def _smallest(values: Iterable[float]) -> float:
    """The smallest, or NaN if any is NaN, which Python's min may drop."""
    return float(np.min(list(values)))


def _worst(values: dict[str, float], which: Callable) -> tuple[float, str]:
    """(value, name) of the largest or the smallest; any NaN is the worst of all."""
    for name, value in values.items():
        if math.isnan(value):
            return value, name
    name = which(values, key=values.get)
    return values[name], name


def _against_exact(theta, moments, exact_moments, named, expectations) -> dict:
    """One check for each exact moment; one for all exact means, and one for all exact sds."""
    means, sds = {}, {}
    for name, exact in expectations.items():
        values, mean = named[name], exact.get("mean")
        if mean is not None:
            means[name] = _errors(values, mean)
            if exact.get("sd") is not None:
                sds[name] = _errors((values - mean) ** 2, exact["sd"] ** 2)
    limit = moment_limit(len(exact_moments) + len(means) + len(sds))
    checks = {
        f"moment {name}, in standard errors": _below(
            _errors(moments[name](theta), exact), None, limit
        )
        for name, exact in exact_moments.items()
    }
    for kind, errors in (("means", means), ("standard deviations", sds)):
        if errors:
            checks[f"exact {kind}, in standard errors"] = _below(*_worst(errors, max), limit)
    return checks


def _errors(values: np.ndarray, exact: float) -> float:
    """Standard errors between the mean of values [C, N] and the exact one."""
    error = statistics().mcse(values, chain_axis=0, draw_axis=1, method="mean")
    return float(abs(values.mean() - exact) / error)


def _rhat(values: np.ndarray) -> float:
    return float(statistics().rhat(values, chain_axis=0, draw_axis=1, method="rank"))


def _ess(values: np.ndarray, method: str) -> float:
    tails = {"prob": TAILS} if method == "tail" else {}
    return float(statistics().ess(values, chain_axis=0, draw_axis=1, method=method, **tails))


def _below(value: float, worst: str | None, limit: float) -> dict:
    return _check(value, worst, limit, value < limit)


def _above(value: float, worst: str | None, limit: float) -> dict:
    return _check(value, worst, limit, value >= limit)


def _check(value: float, worst: str | None, limit: float, passed: bool) -> dict:
    # JSON has no NaN; a diagnostic that could not be computed has no value and has not passed.
    shown = value if math.isfinite(value) else None
    return {"value": shown, "limit": limit, "passed": bool(passed)} | (
        {"worst": worst} if worst else {}
    )


def _unknown(limit: float) -> dict:
    return {"value": None, "limit": limit, "passed": None, "note": UNKNOWN}
