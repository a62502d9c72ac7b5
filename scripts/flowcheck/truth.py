"""What is known of a posterior, and what it is worth: one record, whoever supplies it.

Grades: exact (the target knows its evidence, whatever a sampler does), estimated (a chain that
passed its verdict, and ways to the evidence that agree), disputed (they disagree), unverified (no
exact evidence, and a chain that failed).
"""

import numpy as np

from flowcheck.bridge import chain_error

GRADES = ("exact", "estimated", "disputed", "unverified")


def record(exact: dict, passed: bool, evidence: dict, from_chain: dict) -> dict:
    """grade, log_evidence, log_evidence_se, method, expectations {name: {mean, sd, mean_se}}.

    exact: what the target says it knows, {} if nothing: log_evidence, log_evidence_se,
    expectations {name: {mean, sd}}, method; passed: the chain's verdict; evidence: of
    flowcheck.evidence; from_chain: `expectations` of its draws. Exact expectations go
    before the chain's, with an error of zero; a chain that failed lends nothing.
    """
    found = dict(from_chain) if passed else {}
    for name, known in (exact.get("expectations") or {}).items():
        found[name] = {"mean": known["mean"], "sd": known["sd"], "mean_se": 0.0}
    value, se, method = None, None, None
    if exact.get("log_evidence") is not None:
        grade, value, method = "exact", exact["log_evidence"], exact.get("method") or "exact"
        se = exact.get("log_evidence_se") or 0.0
    elif not passed or evidence["log_evidence"] is None:
        grade = "unverified"
    else:
        grade = "estimated" if evidence["agree"] else "disputed"
        value, se = evidence["log_evidence"], evidence["log_evidence_se"]
        method = evidence["method"]
    return {
        "grade": grade,
        "log_evidence": value,
        "log_evidence_se": se,
        "method": method,
        "expectations": found,
    }


def expectations(draws: np.ndarray, names: list[str]) -> dict:
    """{name: {mean, sd, mean_se}} of a chain's constrained draws [C, N, len(names)].

    mean_se is the Monte Carlo standard error by ArviZ (Vehtari, Gelman, Simpson, Carpenter &
    Burkner, 2021, arXiv 1903.08008).
    """
    return {
        name: {
            "mean": float(draws[..., i].mean()),
            "sd": float(draws[..., i].std(ddof=1)),
            "mean_se": chain_error(draws[..., i]),
        }
        for i, name in enumerate(names)
    }
