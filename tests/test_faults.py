"""The faults of `make test-faults` that take no process of their own: none may hurt a user."""

import pytest

from tests.faults import environment
from tests.faults.__main__ import all_cases, table
from tests.faults.case import (
    ACCEPTED,
    HUNG,
    OUTCOMES,
    REFUSED,
    TRACEBACK,
    Case,
    Outcome,
    bad,
    refusal,
    survival,
    tried,
)

KINDS = ("combinations", "data files", "fill values", "image files", "kinds", "mistyped keys",
         "names and paths", "numbers in configs", "sizes")  # fmt: skip


def test_there_are_hundreds_of_cases_and_all_are_tried_here_or_in_processes():
    cases = all_cases()
    assert len(cases) >= 400
    assert len(environment.CASES) >= 20
    assert {case.kind for case in cases} >= {*KINDS, "environment"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_hurts(kind):
    hurt = [
        (case.name, outcome)
        for case in all_cases()
        if case.kind == kind and bad(outcome := tried(case))
    ]
    assert hurt == []


def _raise(error):
    raise error


def _wait_for_ever():
    while True:
        pass


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (lambda: refusal(lambda: 3), ACCEPTED),
        (lambda: refusal(lambda: _raise(ValueError("not of the library"))), TRACEBACK),
        (lambda: refusal(lambda: int("x")), TRACEBACK),
        (lambda: survival(lambda: _raise(AssertionError("changed"))), ACCEPTED),
        (lambda: _raise(KeyError("x")), TRACEBACK),
        (_wait_for_ever, HUNG),
    ],
)
def test_what_would_hurt_counts_as_such(run, word):
    outcome = tried(Case("a case", "a kind", run, limit=0.2))
    assert (outcome.word, bad(outcome)) == (word, True)


def test_a_refusal_without_the_words_that_matter_is_none():
    from flowcheck.user_data import read

    assert refusal(lambda: read("mine.txt"), "mine.txt").word == REFUSED
    assert refusal(lambda: read("mine.txt"), "yours").word == TRACEBACK


def test_the_table_counts_every_outcome():
    results = [(Case(word, "a kind", None), Outcome(word, "")) for word in OUTCOMES]
    assert "| a kind | 5 | 1 | 1 | 1 | 1 | 1 |" in table(results)
    assert "| **all** | 5 |" in table(results)
