"""Each check finds the faults it is for: a page with one fault put in, which is whole without it."""

import pytest

from flowcheck.report.page import render
from tests.browser import checks
from tests.browser.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

PROVENANCE = {
    "seed": 1,
    "revision": "0000000",
    "data": {"banana": "0" * 64},
    "versions": {"torch": "2.0", "numpy": "10.0", "scipy": "1.17"},
    "steps": [
        {"step": "first", "seconds": 1000.0, "device": "cpu"},
        {"step": "second", "seconds": 20.0, "device": "cpu"},
        {"step": "third", "seconds": 3.0, "device": "gpu: a name so long that the table is wide"},
    ],
    "config_text": "seed: 1\n",
}
# 1 x 1 pixel, white.
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
DARK_PHONE = PHONE._replace(scheme="dark")
# check, view, what is replaced, by what.
END = "</main>"
FAULTS = [
    (checks.silence, DESKTOP, END, "</main><script>console.error('a')</script>"),
    (checks.silence, DESKTOP, END, "</main><script>console.warn('a')</script>"),
    (checks.silence, DESKTOP, END, "</main><script>setTimeout(() => { throw 1 })</script>"),
    (checks.silence, DESKTOP, "<head>", "<head><meta http-equiv='Content-Security-Policy' "
     "content=\"script-src 'none'\">"),
    (checks.network, DESKTOP, END, "<img alt='a' src='https://example.org/a.png'></main>"),
    (checks.network, DESKTOP, END, "<img alt='a' src='beside.png'></main>"),
    (checks.network, DESKTOP, END, "</main><script>new WebSocket('ws://localhost:1')</script>"),
    (checks.network, DESKTOP, "<style>", "<style>@import 'https://example.org/a.css';"),
    (checks.images, DESKTOP, END, "<img alt='a' src='data:image/png;base64,AAAA'></main>"),
    (checks.width, DESKTOP, END, "<p style='width: 1400px'>wide</p></main>"),
    (checks.width, PHONE, END, "<p style='width: 500px'>wide</p></main>"),
    (checks.width, PHONE, END, f"<p>{'unbreakable' * 9}</p></main>"),
    (checks.width, PHONE, END, "<div style='overflow: hidden'><p style='width: 500px'>a</p></div>"
     "</main>"),
    (checks.width, PHONE, "width=device-width, initial-scale=1", "width=900"),
    (checks.width, PHONE, "overflow-x: auto", "color: inherit"),
    (checks.sorting, DESKTOP, "body.append(...rows)", "body"),
    (checks.sorting, DESKTOP, "sort((a, b)", "sort((b, a)"),
    (checks.sorting, DESKTOP, "x - y", "String(x).localeCompare(y)"),
    (checks.sorting, DESKTOP, 'createElement("button")', 'createElement("span")'),
    (checks.sorting, DESKTOP, 'heading.setAttribute("aria-sort"', 'heading.setAttribute("class"'),
    (checks.printing, DESKTOP, END, "<p style='width: 900px'>wide</p></main>"),
    (checks.printing, DARK_PHONE, "@media print", "@media tv"),
    (checks.accessibility, DESKTOP, "--soft: #57606a", "--soft: #a7b0ba"),
    (checks.accessibility, DARK_PHONE, "--soft: #a3adb8", "--soft: #535d68"),
    (checks.accessibility, DESKTOP, END, f"<img src='{PICTURE}'></main>"),
    (checks.accessibility, DESKTOP, END, "<h4>too deep</h4></main>"),
    (checks.accessibility, DESKTOP, END, "<a href='#provenance'></a></main>"),
    (checks.accessibility, DESKTOP, "<main>", "<div>"),
    (checks.accessibility, DESKTOP, 'lang="en"', ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def whole() -> str:
    return render([], PROVENANCE, "A page of the report's own templates")


@pytest.fixture
def visit(chromium, tmp_path):
    """Opens a text as a page."""
    opened = []

    def open_page(text: str, view) -> Visit:
        (tmp_path / "page.html").write_text(text)
        opened.append(Visit(chromium, tmp_path / "page.html", view))
        return opened[-1]

    yield open_page
    for each in opened:
        each.close()


@pytest.mark.parametrize("view", [DESKTOP, PHONE, DARK_PHONE], ids=str)
@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_page_without_faults_has_none(visit, whole, check, view):
    assert check(visit(whole, view)) == []


@pytest.mark.parametrize(
    ("check", "view", "old", "new"),
    FAULTS,
    ids=[f"{check.__name__}-{number}" for number, (check, *_) in enumerate(FAULTS)],
)
def test_fault_is_found(visit, whole, check, view, old, new):
    assert old in whole
    assert check(visit(whole.replace(old, new), view)) != []
