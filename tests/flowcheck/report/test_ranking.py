"""Rankings of made-up studies: what errors cannot tell apart is level."""

import math

import pytest

from flowcheck.report.costs import Cost, cost_of
from flowcheck.report.ranking import error_of, ranked
from tests.flowcheck.report.rows import NAN, row


def ranks(rows):
    return {place.flow: (place.rank, place.level) for place in ranked(rows, {})}


def test_the_least_kl_comes_first():
    rows = [row("a", 0.3), row("b", 0.1), row("c", 0.2)]
    assert ranks(rows) == {"b": (1, False), "c": (2, False), "a": (3, False)}


@pytest.mark.parametrize(
    ("difference", "level"),
    # Two joint errors of 0.01 each: 2 * 0.01 * sqrt(2) = 0.0283.
    [(0.028, True), (0.029, False)],
)
def test_within_two_joint_errors_is_level(difference, level):
    found = ranks([row("a", 0.1, se=0.01), row("b", 0.1 + difference, se=0.01)])
    assert found["a"] == (1, level)
    assert found["b"] == ((1, True) if level else (2, False))


def test_level_is_with_the_first_of_a_rank_and_does_not_chain():
    rows = [row(name, kl, se=0.01) for name, kl in (("a", 0.1), ("b", 0.12), ("c", 0.14))]
    assert ranks(rows) == {"a": (1, True), "b": (1, True), "c": (3, False)}


def test_replicates_add_the_error_of_their_mean():
    assert error_of(row("a", 0.1, se=0.03, spread=0.08, replicates=4)) == pytest.approx(0.05)
    assert error_of(row("a", 0.1, se=NAN)) == 0.0


def test_without_an_evidence_the_elbo_ranks():
    rows = [row("a", NAN, elbo=(-3.0, None)), row("b", NAN, elbo=(-2.0, None))]
    best, other = ranked(rows, {})
    assert (best.flow, best.score, best.behind) == ("b", -2.0, 0.0)
    assert (other.rank, other.score, other.behind) == (2, -3.0, 1.0)
    assert other.behind_error == pytest.approx(1e-3 * math.sqrt(2))


def test_what_has_no_number_comes_last_without_a_rank():
    rows = [row("a", NAN, elbo=(NAN, None), refused="no log_q"), row("b", 0.1)]
    assert ranks(rows) == {"b": (1, False), "a": (None, False)}
    nothing = [row("a", NAN, elbo=(NAN, None)), row("b", NAN, elbo=(NAN, None))]
    assert ranks(nothing) == {"a": (None, False), "b": (None, False)}


def test_cost_is_found_by_name():
    cost = Cost(12.0, 500)
    found = {
        place.flow: place.cost for place in ranked([row("a", 0.1), row("b", 0.2)], {"b": cost})
    }
    assert found == {"a": None, "b": cost}


@pytest.mark.parametrize(
    ("run", "gaussian", "cost"),
    [
        ({"seconds": 3.0, "gradients": 10, "coordinates": "none"}, None, Cost(3.0, 10)),
        ({"seconds": 3.0, "gradients": 10, "coordinates": "gaussian"},
         {"seconds": 2.0, "gradients": 5}, Cost(5.0, 15)),
        # What was not noted is unknown, and no number.
        ({"seconds": 3.0}, None, Cost(3.0, None)),
        ({"seconds": 3.0, "gradients": 10, "coordinates": "gaussian"}, None, Cost(None, None)),
        ({}, None, Cost(None, None)),
    ],
)  # fmt: skip
def test_cost_adds_the_gaussian_that_gave_the_coordinates(run, gaussian, cost):
    assert cost_of(run, gaussian) == cost
