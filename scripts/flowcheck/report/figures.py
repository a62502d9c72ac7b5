"""Figures as the page carries them: drawn for light and for dark, wide and narrow.

A figure is an SVG file. In the page its colours become variables, which the SVG itself sets to
others where the reader's scheme is dark: ink and paper change places, and colours are mixed with
white, in drawn lines and, by a filter, in the pictures of many points that it may hold. An SVG that
is an image follows the scheme of the page around it. One that a browser does not recolour keeps its
white paper, so that it stays readable.
"""

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from flowcheck.report.compact import (
    address_of,
    base64_of,
    compact_png,
    compact_svg,
    styles_as_rules,
)

INK, PAPER = (0xE6, 0xE9, 0xEC), (0x14, 0x18, 0x1D)
# How much white is mixed with a colour that is drawn on dark paper.
WHITE = 0.4
COLOUR = re.compile(r"(?<=[:\s\"])(#[0-9a-f]{6})(?=[;\"])")
PICTURE = re.compile(r'<image [^>]*?xlink:href="data:image/png;base64,([^"]*)"', re.DOTALL)
FILTER = (
    '<filter id="{name}" color-interpolation-filters="sRGB" x="0" y="0" width="1" height="1">'
    '<feColorMatrix values="{values}"/></filter>'
)


def picture(path: str) -> dict[str, str | None]:
    """Data addresses of a figure, and of its version for narrow windows where there is one.

    The narrow version lies beside the figure: `elbo.svg`, `elbo_narrow.svg`.
    """
    file = Path(path)
    narrow = file.with_stem(f"{file.stem}_narrow")
    small = embed(narrow, in_a_list=True) if narrow.is_file() else None
    return {"wide": embed(file), "narrow": small}


def embed(path: str | Path, in_a_list: bool = False) -> str:
    """An SVG file as a data address, so that the page carries it; see `compact.address_of`."""
    return address_of(for_both_schemes(Path(path).read_text(encoding="utf-8")), in_a_list)


def for_both_schemes(svg: str) -> str:
    """An SVG of matplotlib's, its colours those of the scheme in which it is shown."""
    svg, kinds = _mark_pictures(compact_svg(svg))
    found = sorted(set(COLOUR.findall(svg)) | {"#000000"})
    svg = COLOUR.sub(lambda match: f"var(--c{match[1][1:]})", svg)
    svg, rules = styles_as_rules(svg)
    light = "".join(f"--c{colour[1:]}:{colour};" for colour in found)
    dark = "".join(f"--c{colour[1:]}:{on_dark(colour)};" for colour in found)
    style = (
        f"svg{{{light}fill:var(--c000000)}}"
        f"@media screen and (prefers-color-scheme:dark){{svg{{{dark}}}"
        + "".join(f".{kind}{{filter:url(#{kind})}}" for kind in sorted(kinds))
        + "}"
        + rules
    )
    head = re.search(r"<svg [^>]*>", svg)
    filters = "".join(FILTER.format(name=kind, values=_matrix(kind)) for kind in sorted(kinds))
    return (
        f"{svg[: head.end()]}<style>{style}</style><defs>{filters}</defs>{svg[head.end() :]}"
        if head
        else svg
    )


def on_dark(colour: str) -> str:
    """What #rrggbb becomes on dark paper: greys from ink to paper, other colours lighter."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)
    if np.ptp(rgb) < 8:
        share = rgb.mean() / 255
        mixed = (1 - share) * np.array(INK) + share * np.array(PAPER)
    else:
        mixed = (1 - WHITE) * rgb + WHITE * 255
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def _mark_pictures(svg: str) -> tuple[str, set[str]]:
    """The SVG with a class on each picture that is to change, and the classes in use."""
    kinds = set()

    def mark(match: re.Match) -> str:
        png = base64.b64decode(match[1])
        kind = _kind(png)
        if kind is None:
            return match[0]
        kinds.add(kind)
        smaller = base64_of(compact_png(png, grey=kind == "ink"))
        marked = match[0].replace("<image ", f'<image class="{kind}" ', 1)
        return marked.replace(match[1], smaller)

    return PICTURE.sub(mark, svg), kinds


def _kind(png: bytes) -> str | None:
    """`ink` for a picture of grey points, `colour` for points of a colour, None for a photograph.

    Points lie on transparent ground; an image of pixels, such as digits, fills all of its own.
    """
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    seen = pixels[pixels[..., 3] > 0]
    if len(seen) == 0 or len(seen) == pixels[..., 3].size:
        return None
    return "ink" if (np.ptp(seen[:, :3].astype(int), axis=1) < 16).all() else "colour"


def _matrix(kind: str) -> str:
    """Of feColorMatrix: ink takes the place of any grey, a colour is mixed with white."""
    if kind == "ink":
        rows = [[0, 0, 0, 0, part / 255] for part in INK]
    else:
        rows = [[(1 - WHITE) * (i == j) for j in range(4)] + [WHITE] for i in range(3)]
    return " ".join(f"{value:g}" for row in [*rows, [0, 0, 0, 1, 0]] for value in row)
