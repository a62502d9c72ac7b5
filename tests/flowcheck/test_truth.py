"""The record of the truth: who supplies it, and what grade that is."""

import math

import numpy as np
import pytest

from flowcheck import evidence
from flowcheck.truth import gather

NAMES = ["alpha", "beta[0]"]
CHAINS = np.random.default_rng(0).standard_normal((4, 1000, 2)) * [1.0, 2.0] + [0.0, 5.0]
EXACT = {"log_evidence": -3.0, "method": "by hand"}
ESTIMATE = {
    "log_evidence": -3.1,
    "log_evidence_se": 0.01,
    "method": "bridge",
    "agree": True,
    "reason": None,
}
DISPUTED = ESTIMATE | {"agree": False, "reason": "they differ"}
NOTHING = evidence.none("too few draws")


@pytest.mark.parametrize(
    ("exact", "found", "passed", "grade", "value", "se"),
    [
        (EXACT, ESTIMATE, True, "exact", -3.0, 0.0),
        (EXACT, DISPUTED, True, "exact", -3.0, 0.0),
        (EXACT, NOTHING, False, "exact", -3.0, 0.0),
        (EXACT | {"log_evidence_se": 1e-4}, NOTHING, False, "exact", -3.0, 1e-4),
        (EXACT | {"tolerance": 1e-5}, NOTHING, False, "exact", -3.0, 1e-5),
        ({}, ESTIMATE, True, "estimated", -3.1, 0.01),
        ({"log_evidence": None}, ESTIMATE, True, "estimated", -3.1, 0.01),
        ({}, DISPUTED, True, "disputed", -3.1, 0.01),
        ({}, ESTIMATE, False, "unverified", None, None),
        ({}, DISPUTED, False, "unverified", None, None),
        ({}, NOTHING, True, "unverified", None, None),
    ],
)
def test_grade_and_evidence(exact, found, passed, grade, value, se):
    record = gather(exact, found, passed, NAMES, CHAINS)
    assert (record["grade"], record["log_evidence"], record["log_evidence_se"]) == (
        grade,
        value,
        se,
    )
    assert set(record["expectations"]) == (set(NAMES) if passed else set())


@pytest.mark.parametrize(
    ("exact", "method"), [(EXACT, "by hand"), ({"log_evidence": -3.0}, "the target's own")]
)
def test_an_exact_evidence_says_where_it_comes_from(exact, method):
    assert gather(exact, NOTHING, False, NAMES, CHAINS)["method"] == method


def test_expectations_of_a_chain_have_its_error():
    found = gather({}, ESTIMATE, True, NAMES, CHAINS)["expectations"]
    # 4,000 independent draws; their effective size is itself estimated.
    assert found["beta[0]"]["mean_se"] == pytest.approx(2 / math.sqrt(4000), rel=0.15)
    assert abs(found["beta[0]"]["mean"] - 5) < 4 * found["beta[0]"]["mean_se"]
    assert found["beta[0]"]["sd"] == pytest.approx(2, rel=0.05)
    squares = np.square(CHAINS[..., 1] - CHAINS[..., 1].mean()).sum()
    # One degree of freedom is the mean's; rounding of a sum of 4,000.
    assert found["beta[0]"]["sd"] == pytest.approx(math.sqrt(squares / 3999), rel=1e-12)


@pytest.mark.parametrize("passed", [True, False])
def test_exact_expectations_come_first(passed):
    exact = {"expectations": {"alpha": {"mean": 0.25, "sd": 1.5}}}
    found = gather(exact, ESTIMATE, passed, NAMES, CHAINS)["expectations"]
    assert found["alpha"] == {"mean": 0.25, "sd": 1.5, "mean_se": 0.0}
    assert ("beta[0]" in found) == passed


def test_mean_and_variance_serve_as_expectations():
    exact = {"mean": [1.0, 2.0], "variance": [4.0, 9.0]}
    found = gather(exact, NOTHING, False, NAMES, CHAINS)["expectations"]
    assert found["beta[0]"] == {"mean": 2.0, "sd": 3.0, "mean_se": 0.0}
