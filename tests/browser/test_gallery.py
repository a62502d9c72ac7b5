"""The small gallery's report in headless Chromium: what a table of many posteriors adds."""

import pytest

from tests.browser.checks import CHECKS
from tests.browser.visit import PHONE, VIEWS, Visit

pytestmark = pytest.mark.browser

# Of each cell of the heat map: what a reader sees of it, and whether it reaches beyond the window.
CELLS = """() => [...document.querySelectorAll(".heat td")].map((cell) => ({
  text: cell.innerText.trim(),
  right: cell.getBoundingClientRect().right,
}))"""


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def visit(request, chromium, gallery):
    opened = Visit(chromium, gallery, request.param)
    yield opened
    opened.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_report(visit, check):
    assert check(visit) == []


def test_every_cell_says_something(visit):
    cells = visit.page.evaluate(CELLS)
    assert len(cells) == 9  # three by three
    assert all(cell["text"] for cell in cells)


def test_on_a_phone_a_cell_fits_and_names_its_approximation(visit):
    cells = visit.page.evaluate(CELLS)
    named = [
        any(name in cell["text"] for name in ("mean-field", "full-rank", "RealNVP"))
        for cell in cells
    ]
    if visit.width == PHONE.width:
        assert all(named)
        assert all(cell["right"] <= visit.width for cell in cells)
    else:  # the heading of the column does
        assert not any(named)
