"""Whether a chain is a valid reference: a verdict by fixed limits, check by check.

Rank-normalised split R-hat and effective sample sizes: Vehtari, Gelman, Simpson, Carpenter &
Burkner, "Rank-Normalization, Folding, and Localization", 2021 (arXiv 1903.08008), computed by
ArviZ. They are asked of theta, of theta squared and of the log density.
"""

import math

import numpy as np
from arviz_stats.base import array_stats

RHAT_LIMIT = 1.01
ESS_LIMIT = 1000
EBFMI_LIMIT = 0.3
# Standard errors between a chain's moment and the exact one: luck exceeds 4 once in 16,000.
# (of a hundred moments, once in 160).
MOMENT_LIMIT = 4.0
# Chains of which fewer than this share ever cross from one group to the other are apart.
CROSSING = 0.2
UNKNOWN = {"value": None, "passed": None}


class FailedVerdict(RuntimeError):
    """A chain that failed its verdict was asked to serve as ground truth."""


def judge(
    theta: np.ndarray,
    lp: np.ndarray,
    energy: np.ndarray | None,
    diverging: np.ndarray | None,
    moments: dict,
    exact_moments: dict,
    constrained: np.ndarray | None = None,
    expectations: dict | None = None,
) -> dict:
    """The verdict on chains theta [C, N, dim], with lp, energy and diverging [C, N].

    energy and diverging are None for draws that come from elsewhere: what needs them is neither
    passed nor failed. moments: functions theta -> [C, N] by name, and exact_moments their exact
    means; constrained [C, N, k] and expectations, {name: {mean, sd}} in the order of that last
    axis, likewise for a target with named parameters. Returns {"passed", "checks": {name: {"value",
    "limit", "passed"}}, "cause", "cure"}, the last two None where it passed.
    """
    quantities = [lp, *np.moveaxis(theta, -1, 0), *np.moveaxis(theta**2, -1, 0)]
    rhats = [_rhat(q) for q in quantities]
    # NumPy's max and min pass NaN on, where Python's may drop it.
    checks = {
        "rhat": _below(float(np.max(rhats)), RHAT_LIMIT),
        "ess_bulk": _above(float(np.min([_ess(q, "bulk") for q in quantities])), ESS_LIMIT),
        "ess_tail": _above(float(np.min([_ess(q, "tail") for q in quantities])), ESS_LIMIT),
        "ebfmi": UNKNOWN | {"limit": EBFMI_LIMIT},
        "divergent": UNKNOWN | {"limit": 1},
    }
    if energy is not None:
        checks["ebfmi"] = _above(float(np.min(array_stats.bfmi(energy))), EBFMI_LIMIT)
    if diverging is not None:
        checks["divergent"] = _below(int(np.sum(diverging)), 1)
    for name, exact in exact_moments.items():
        error = _in_standard_errors(moments[name](theta), exact)
        checks[f"moment {name}, in standard errors"] = _below(error, MOMENT_LIMIT)
    if expectations:
        checks |= _expectation_checks(constrained, expectations)
    passed = all(check["passed"] is not False for check in checks.values())
    worst = int(np.nanargmax(rhats[1 : 1 + theta.shape[-1]])) if np.isfinite(rhats).any() else 0
    cause, cure = (None, None) if passed else _diagnosis(theta, checks, worst)
    return {"passed": passed, "checks": checks, "cause": cause, "cure": cure}


def _expectation_checks(constrained: np.ndarray, expectations: dict) -> dict:
    """The mean and the standard deviation that lie furthest from their exact values."""
    errors = {"mean": {}, "sd": {}}
    for i, (name, exact) in enumerate(expectations.items()):
        values = constrained[..., i]
        if exact.get("mean") is not None:
            errors["mean"][name] = _in_standard_errors(values, exact["mean"])
            if exact.get("sd") is not None:
                squares = (values - exact["mean"]) ** 2
                errors["sd"][name] = _in_standard_errors(squares, exact["sd"] ** 2)
    checks = {}
    for kind, found in errors.items():
        if found:
            name = max(found, key=found.get)
            checks[f"{kind} of {name}, in standard errors"] = _below(found[name], MOMENT_LIMIT)
    return checks


def _in_standard_errors(values: np.ndarray, exact: float) -> float:
    """How far the mean of a chain's values [C, N] lies from the exact one, in its own errors."""
    error = array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean")
    return float(abs(values.mean() - exact) / error)


def _diagnosis(theta: np.ndarray, checks: dict, worst: int) -> tuple[str, str]:
    """The likely cause of a failure, and what to do; worst: the coordinate of the largest R-hat."""
    low, high = theta[..., worst].mean(1).min(), theta[..., worst].mean(1).max()
    sides = theta[..., worst] > 0.5 * (low + high)
    crossing = np.mean(sides.min(1) != sides.max(1))
    if not checks["rhat"]["passed"] and len(theta) > 1 and crossing < CROSSING:
        return (
            f"the chains stay in separate groups along coordinate {worst}: separate modes",
            "more draws cannot help: reparameterise so that the modes are joined, or study each "
            "mode as a posterior of its own",
        )
    if checks["ebfmi"]["passed"] is False or checks["divergent"]["passed"] is False:
        return (
            "the scale of some coordinates varies by orders of magnitude with another: a funnel",
            "use the non-centred form: x = mean + scale * z with z ~ N(0, 1) as the parameter",
        )
    deficits = [
        ESS_LIMIT / max(checks[name]["value"] or 1.0, 1.0) for name in ("ess_bulk", "ess_tail")
    ]
    rhat = checks["rhat"]["value"]
    deficits.append(((rhat or 2.0) - 1) / (RHAT_LIMIT - 1))
    times = math.ceil(max(deficits))
    if times <= 1:
        return (
            "a moment differs from its exact value by more than its error allows",
            "check that exact() and log_density describe the same posterior; then run longer",
        )
    return (
        "the chains are too short for how slowly they move",
        f"run longer: about {times} times the draws, or more leapfrog steps",
    )


def require_passed(verdict: dict, path: str) -> None:
    """Raise FailedVerdict, quoting each failed check, unless the verdict passed."""
    if verdict["passed"]:
        return
    failed = "; ".join(
        f"{name} is {check['value']}, limit {check['limit']}"
        for name, check in verdict["checks"].items()
        if check["passed"] is False
    )
    raise FailedVerdict(
        f"the long chain failed its verdict in {path} and cannot serve as ground truth: {failed}. "
        f"Likely cause: {verdict['cause']}. How to fix it: {verdict['cure']}"
    )


def _rhat(values: np.ndarray) -> float:
    return float(array_stats.rhat(values, chain_axis=0, draw_axis=1, method="rank"))


def _ess(values: np.ndarray, method: str) -> float:
    tails = {"prob": (0.05, 0.95)} if method == "tail" else {}
    return float(array_stats.ess(values, chain_axis=0, draw_axis=1, method=method, **tails))


def _below(value: float, limit: float) -> dict:
    return _check(value, limit, value < limit)


def _above(value: float, limit: float) -> dict:
    return _check(value, limit, value >= limit)


def _check(value: float, limit: float, passed: bool) -> dict:
    # JSON has no NaN; a diagnostic that could not be computed has no value and has not passed.
    shown = value if math.isfinite(value) else None
    return {"value": shown, "limit": limit, "passed": bool(passed)}
