"""Whether a chain may stand as ground truth: a verdict by fixed limits, check by check.

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
MOMENT_LIMIT = 4.0


class FailedVerdict(RuntimeError):
    """A chain that failed its verdict was asked to serve as ground truth."""


def judge(theta, lp, energy, diverging, moments: dict, exact_moments: dict) -> dict:
    """The verdict on chains theta [C, N, dim], with lp, energy and diverging [C, N].

    moments: functions theta -> [C, N] by name; exact_moments: their exact means, empty where the
    target knows none. Returns {"passed", "checks": {name: {"value", "limit", "passed"}}}.
    """
    quantities = [lp, *np.moveaxis(theta, -1, 0), *np.moveaxis(theta**2, -1, 0)]
    # NumPy's max and min pass NaN on, where Python's may drop it.
    checks = {
        "rhat": _below(float(np.max([_rhat(q) for q in quantities])), RHAT_LIMIT),
        "ess_bulk": _above(float(np.min([_ess(q, "bulk") for q in quantities])), ESS_LIMIT),
        "ess_tail": _above(float(np.min([_ess(q, "tail") for q in quantities])), ESS_LIMIT),
        "ebfmi": _above(float(np.min(array_stats.bfmi(energy))), EBFMI_LIMIT),
        "divergent": _below(int(np.sum(diverging)), 1),
    }
    for name, exact in exact_moments.items():
        values = moments[name](theta)
        error = abs(values.mean() - exact) / array_stats.mcse(
            values, chain_axis=0, draw_axis=1, method="mean"
        )
        checks[f"moment {name}, in standard errors"] = _below(float(error), MOMENT_LIMIT)
    return {"passed": all(check["passed"] for check in checks.values()), "checks": checks}


def require_passed(verdict: dict, path: str) -> None:
    """Raise FailedVerdict, quoting each failed check, unless the verdict passed."""
    if verdict["passed"]:
        return
    failed = "; ".join(
        f"{name} is {check['value']}, limit {check['limit']}"
        for name, check in verdict["checks"].items()
        if not check["passed"]
    )
    raise FailedVerdict(
        f"the long chain failed its verdict in {path} and cannot serve as ground truth: {failed}. "
        "Raise hmc.long's draws, warmup_draws or leapfrog_steps, or its target_acceptance"
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
