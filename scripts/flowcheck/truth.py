"""What is known about a posterior, and its grade: one record, whatever its source.

The grades: exact (the target supplies its evidence, whatever a sampler does), estimated (the chain
passed its verdict, and the estimates of the evidence agree), disputed (they disagree), unverified
(no exact evidence, and the chain failed).
"""

import numpy as np

from flowcheck.arviz import statistics


def gather(
    exact: dict, evidence: dict, passed: bool, coordinates: list[str], chains: np.ndarray
) -> dict:
    """The record of one target: grade, log_evidence, log_evidence_se, method, expectations.

    exact: what the target knows; evidence: what `evidence.estimate` found; passed: the verdict on
    chains [C, N, k], whose last axis has the constrained scalars named by `coordinates`.
    Expectations are {name: {mean, sd, mean_se}}: the exact ones, else the chain's, else none.
    """
    grade, value, se, method = _evidence(exact, evidence, passed)
    return {
        "grade": grade,
        "log_evidence": value,
        "log_evidence_se": se,
        "method": method,
        "expectations": _expectations(exact, passed, coordinates, chains),
    }


def _evidence(exact: dict, evidence: dict, passed: bool) -> tuple:
    if exact.get("log_evidence") is not None:
        se = exact.get("log_evidence_se") or exact.get("tolerance") or 0.0
        return "exact", exact["log_evidence"], se, exact.get("method") or "the target's own"
    if not passed or evidence["log_evidence"] is None:
        return "unverified", None, None, evidence["reason"]
    grade = "estimated" if evidence["agree"] else "disputed"
    return grade, evidence["log_evidence"], evidence["log_evidence_se"], evidence["method"]


def _expectations(exact: dict, passed: bool, coordinates: list[str], chains: np.ndarray) -> dict:
    known = dict(exact.get("expectations") or {})
    if not known and exact.get("mean") and exact.get("variance"):
        pairs = zip(coordinates, exact["mean"], exact["variance"], strict=True)
        known = {name: {"mean": mean, "sd": variance**0.5} for name, mean, variance in pairs}
    found = {}
    for i, name in enumerate(coordinates):
        own = known.get(name, {})
        if own.get("mean") is not None and own.get("sd") is not None:
            found[name] = {"mean": own["mean"], "sd": own["sd"], "mean_se": 0.0}
        elif passed:
            values = chains[..., i]
            error = statistics().mcse(values, chain_axis=0, draw_axis=1, method="mean")
            found[name] = {
                "mean": float(values.mean()),
                "sd": float(values.std(ddof=1)),
                "mean_se": float(error),
            }
    return found
