"""Renders the page: templates and the style sheet lie beside this module."""

import html
import re
from pathlib import Path

import jinja2

from flowcheck.labels import label
from flowcheck.report.brief import Brief, rules
from flowcheck.report.figures import picture
from flowcheck.report.mathfont import style_with_font
from flowcheck.report.touch import as_json, vega
from flowcheck.rounding import plain

FOLDER = Path(__file__).parent


def render(
    studies: list[dict],
    provenance: dict,
    title: str,
    briefs: list[Brief] = (),
    overview: str | None = None,
    heat: dict | None = None,
    charts: bool = False,
) -> str:
    """The whole page as HTML that needs no network.

    studies: sections in order, each {"id", "title", "template", ...what that template shows};
    briefs: what the first screen says of each posterior, and overview the figure beside that;
    heat: what replaces the figure where there are many posteriors and approximations, as
    `heatmap.heat_map` makes it;
    charts: whether any section has charts to touch.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = plain
    environment.filters["symbols"] = symbols
    environment.filters["label"] = label
    environment.globals["picture"] = picture
    environment.filters["json"] = as_json
    page = environment.get_template("page.html.j2").render(
        studies=studies,
        provenance=provenance,
        title=title,
        style=_read("style.css", "touch.css"),
        script=_read("sort.js", "sliders.js"),
        # Half a megabyte, where there is something to draw.
        charts=f"{vega()}\n{_read('kinds.js', 'latent.js', 'charts.js')}" if charts else None,
        briefs=briefs,
        overview=overview,
        heat=heat,
        rules=rules(),
    )
    return page.replace("</style>", f"{style_with_font(page)}</style>", 1)


def _read(*names: str) -> str:
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def symbols(text: str) -> str:
    """Names as HTML for readers: theta1^2 or θ1^2 with its subscript and its power, q_T, L_10."""
    escaped = html.escape(text, quote=False)
    subscripts = re.sub(r"(?:theta|θ)(\d)", r"θ<sub>\1</sub>", escaped)
    subscripts = re.sub(r"\b([A-Za-z])('?)_(\d+|T)\b", r"\1\2<sub>\3</sub>", subscripts)
    return re.sub(r"\^(\d+)", r"<sup>\1</sup>", subscripts)
