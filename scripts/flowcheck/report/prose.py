"""Markdown with equations to HTML: MathML, so that a page needs no script and no network.

Equations are $...$ within a line or paragraph and $$...$$ on their own; the rest is CommonMark.
"""

import re

from markdown_it import MarkdownIt

from flowcheck.report.equations import mathml

EQUATION = re.compile(r"\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$]+?)\$", re.DOTALL)
# Letters and digits only, so that Markdown leaves a held equation's place alone.
PLACE = "equation{}place"


def to_html(text: str, prefix: str, level: int) -> str:
    """HTML of the Markdown `text`; headings get ids that begin with `prefix`.

    level: how many levels lower its headings stand in the page than in the text.
    Raises ValueError for an equation that does not convert.
    """
    held = []

    def hold(match: re.Match) -> str:
        display = match["display"] is not None
        held.append(mathml(match["display"] or match["inline"], display))
        return PLACE.format(len(held) - 1)

    html = MarkdownIt("commonmark").render(EQUATION.sub(hold, text))
    # An equation of its own is a block: it may not lie in the paragraph it had alone.
    html = re.sub(
        r"<p>(equation\d+place)</p>", r'<div class="equation" tabindex="0">\1</div>', html
    )
    html = re.sub(r"equation(\d+)place", lambda match: held[int(match[1])], html)
    return re.sub(
        r"<h(\d)>(.*?)</h\1>", lambda match: _heading(match[1], match[2], prefix, level), html
    )


def headings(text: str, prefix: str) -> list[tuple[str, str]]:
    """(id, words) of each heading of the second level, as `to_html` names them."""
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return [(_id(words, prefix), words) for words in found]


def _heading(number: str, words: str, prefix: str, level: int) -> str:
    depth = int(number) + level
    return f'<h{depth} id="{_id(words, prefix)}">{words}</h{depth}>'


def _id(words: str, prefix: str) -> str:
    plain = re.sub(r"<[^>]*>|[*`]", "", words)
    return f"{prefix}-" + re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
