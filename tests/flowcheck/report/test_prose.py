"""The appendix: its equations convert, what it names exists, and it stays whole as HTML."""

import re
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest

from flowcheck.report import prose

ROOT = Path(__file__).resolve().parents[3]
THEORY = (ROOT / "docs/theory.md").read_text()
NAMED = sorted(set(re.findall(r"`(flowcheck(?:\.\w+)+)`", THEORY)))
EQUATIONS = [match["display"] or match["inline"] for match in prose.EQUATION.finditer(THEORY)]


def resolve(name):
    """The object of a dotted name: the longest prefix that is a module, then attributes."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


def test_everything_pointed_to_exists():
    assert len(NAMED) > 10
    for name in NAMED:
        assert callable(resolve(name)), name


def test_each_part_points_to_what_computes_it():
    parts = THEORY.split("\n## ")[1:-1]
    assert len(parts) == 6
    for part in parts:
        assert re.search(r"[Cc]omputed by: .*`flowcheck\.", part, re.DOTALL), part[:40]


def test_every_equation_converts_whole():
    assert len(EQUATIONS) > 100
    for latex in EQUATIONS:
        assert prose.mathml(latex, display=True).count("<math") == 1, latex


class Tags(HTMLParser):
    """Collects what was opened and not closed, ids, and headings' levels."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.levels = [], [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]
        if re.fullmatch(r"h\d", tag):
            self.levels.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_well_formed_and_its_headings_have_ids():
    tags = Tags()
    tags.feed(prose.to_html(THEORY, "appendix", level=1))
    assert tags.open == []
    assert len(set(tags.ids)) == len(tags.ids) == len(tags.levels)
    assert tags.levels == [2, *[3] * (len(tags.levels) - 1)]
    assert {id for id, _ in prose.headings(THEORY, "appendix")} == set(tags.ids[1:])


def test_nothing_of_the_markup_is_left():
    html = prose.to_html(THEORY, "appendix", level=1)
    assert "$" not in html
    assert "place" not in re.sub(r"<[^>]*>", "", html).replace("at its place", "")
    assert html.count("<math") == len(EQUATIONS)


@pytest.mark.parametrize("latex", [r"\frac", r"\nosuchcommand{x}"])
def test_an_equation_that_does_not_convert_is_named(latex):
    with pytest.raises(ValueError, match=latex[1:6]):
        prose.to_html(f"Here is ${latex}$, broken.", "x", level=0)


def test_markdown_beside_equations():
    html = prose.to_html("## A *b*\n\n`code` and $x_1 * y_1$ and $z$\n\n$$a < b$$\n", "x", level=1)
    assert html.startswith('<h3 id="x-a-b">A <em>b</em></h3>')
    assert "<code>code</code>" in html
    assert '<div class="equation" tabindex="0"><math' in html
    assert "<em> y_1" not in html
