"""Renders the page: templates and the style sheet lie beside this module."""

import base64
import html
import re
from pathlib import Path

import jinja2

from flowcheck.rounding import plain

FOLDER = Path(__file__).parent
TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


def render(studies: list[dict], provenance: dict, title: str) -> str:
    """The whole page as HTML that asks nothing of the network.

    studies: sections in order, each {"id", "title", "template", ...what that template shows}.
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
    environment.globals["embed"] = embed
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    script = (FOLDER / "sort.js").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        studies=studies, provenance=provenance, title=title, style=style, script=script
    )


def symbols(text: str) -> str:
    """Names as HTML for readers: theta1^2 or θ1^2 with its subscript and its power, q_T, L_10."""
    escaped = html.escape(text, quote=False)
    subscripts = re.sub(r"(?:theta|θ)(\d)", r"θ<sub>\1</sub>", escaped)
    subscripts = re.sub(r"\b([A-Za-z])('?)_(\d+|T)\b", r"\1\2<sub>\3</sub>", subscripts)
    return re.sub(r"\^(\d+)", r"<sup>\1</sup>", subscripts)


def embed(path: str) -> str:
    """An image file as a data address, so that the page carries it."""
    file = Path(path)
    content = base64.b64encode(file.read_bytes()).decode()
    return f"data:{TYPES[file.suffix]};base64,{content}"
