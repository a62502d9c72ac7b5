"""Smaller SVG files: matplotlib writes six decimals of a point where a tenth cannot be seen."""

import base64
import io
import re

import numpy as np
from PIL import Image

# A path of straight lines alone; letters of text are curves of a grid of integers.
LINES = re.compile(r' d="(M [-ML \d.e\s]+z?\s*)"')
# What a reader does not see: comments, line breaks, names of groups that nothing refers to, and
# decimals of places.
UNSEEN = (
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"\s*\n\s*"), "\n"),
    (re.compile(r'<g id="[^"]*"'), "<g"),
    (re.compile(r'( [xy]="-?\d+\.\d)\d+'), r"\1"),
    (re.compile(r"(translate\(-?\d+\.\d\d)\d* (-?\d+\.\d\d)\d*"), r"\1 \2"),
)
# Of a point; the page shows about 1.3 pixels for each.
STEPS = 10


def compact_svg(svg: str) -> str:
    """The SVG with each path of straight lines rounded to a tenth of a point, and relative.

    Rounding comes first, so that no error adds up along a path.
    """
    for pattern, seen in UNSEEN:
        svg = pattern.sub(seen, svg)
    return LINES.sub(lambda match: f' d="{_relative(match[1])}"', svg)


def compact_png(png: bytes, grey: bool) -> bytes:
    """A picture of points on transparent ground with as few channels as show it alike."""
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    smaller = io.BytesIO()
    image = image.convert("LA") if grey else image.quantize(64, method=Image.Quantize.FASTOCTREE)
    image.save(smaller, "PNG", optimize=True)
    return min(smaller.getvalue(), png, key=len)


def base64_of(content: bytes) -> str:
    """As text, for a data address."""
    return base64.b64encode(content).decode()


def _relative(path: str) -> str:
    text = []
    for part in path.replace("z", " z ").split("M"):
        numbers = np.fromstring(part.replace("L", " ").replace("z", " "), sep=" ")
        if numbers.size:
            points = np.round(numbers.reshape(-1, 2) * STEPS).astype(int)
            text.append(f"M{_number(points[0, 0])} {_number(points[0, 1])}")
            steps = np.diff(points, axis=0)
            steps = steps[(steps != 0).any(axis=1)]
            if len(steps):
                text.append("l" + " ".join(map(_number, steps.ravel())))
            text.append("z" if "z" in part else "")
    return "".join(text)


def _number(tenths: int) -> str:
    text = f"{tenths / STEPS:g}"
    return text.replace("0.", ".", 1) if abs(tenths) < STEPS else text
