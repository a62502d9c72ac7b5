"""Every cell has a value or a reason."""

import pytest

from flowcheck.report.brief import FAIR, POOR, Line
from flowcheck.report.heatmap import NO_TRUTH, SHADES, heat_row, shade
from flowcheck.report.ranking import ranked
from tests.flowcheck.report.rows import NAN, row

UNKNOWN = {"elbo": (-1.0, None)}
UNSETTLED = {"by_quadrature": True, "kl_mc": (0.01, None)}


def cell(own, grade="exact", band=FAIR):
    lines = [Line(own["flow"], band, "", own["flow"])]
    (found,) = heat_row(grade, [own], lines, ranked([own], {}), [own["flow"]])
    return found


@pytest.mark.parametrize(
    ("own", "grade", "words"),
    [
        (row("a", NAN, **UNKNOWN), "unverified", NO_TRUTH),
        (row("a", NAN, **UNKNOWN), "exact", "failed: the KL of a replicate could not be computed"),
        (row("a", NAN, **UNKNOWN, **UNSETTLED), "exact",
         "failed: the integral of a replicate's KL does not settle"),
        (row("a", NAN, elbo=(NAN, None)), "exact", "failed: its ELBO is not finite"),
        (row("a", NAN, elbo=(NAN, None)), "unverified", "failed: its ELBO is not finite"),
        (row("a", NAN, elbo=(NAN, None), refused="43 % of its draws are duplicates"), "exact",
         "refused: 43 % of its draws are duplicates"),
        (row("a", NAN, elbo=(NAN, None), method="draws"), "exact",
         "no KL: its draws come without log_q"),
        (row("a", NAN, elbo=(NAN, None), method="weights up to a constant"), "unverified",
         "no KL: its log_q lacks the constant"),
    ],
)  # fmt: skip
def test_a_cell_without_a_kl_says_why(own, grade, words):
    found = cell(own, grade, None)
    assert (found.kl, found.shade, found.words) == (None, None, [words])


def test_a_cell_says_what_there_is_to_say():
    found = cell(row("a", 0.357, se=1e-3, missed=1, missing_mass=0.3), band=POOR)
    assert (found.kl, found.error, found.grade) == (0.357, 1e-3, "exact")
    assert found.words == ["poor", "misses 30 % of the mass"]
    assert cell(row("a", 0.2), "disputed").words == [
        "fair", "disputed: the estimates of the evidence disagree",
    ]  # fmt: skip


def test_columns_are_the_studys_and_an_empty_one_says_so():
    rows = [row("b", 0.2), row("a", 0.3)]
    cells = heat_row("exact", rows, [], ranked(rows, {}), ["a", "b", "c"])
    assert [one.kl for one in cells] == [0.3, 0.2, None]
    assert [one.best for one in cells] == [False, True, False]
    assert cells[2].words == ["not made for this posterior"]


def test_those_level_with_the_best_are_marked():
    rows = [row("a", 0.300, se=0.01), row("b", 0.301, se=0.01), row("c", 0.5)]
    cells = heat_row("exact", rows, [], ranked(rows, {}), ["a", "b", "c"])
    assert [one.best for one in cells] == [True, True, False]


def test_shades_darken_with_kl_and_keep_their_ends():
    values = [-1e-5, 0.0, 1e-4, 1.1e-4, *(2 * end for end in SHADES), 100.0]
    shades = [shade(value) for value in values]
    assert shades == sorted(shades)
    assert (shades[0], shades[2], shades[3], shades[-1]) == (0, 0, 1, len(SHADES))
