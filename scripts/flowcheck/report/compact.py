"""Smaller SVG files: matplotlib writes much that cannot be seen, and says most things many times.

What is left shows the same to a tenth of a point: coordinates are rounded to it, letters to a
fortieth; groups without attributes go, names are short, and a style that many elements share is
one rule.
"""

import base64
import io
import re
from collections import Counter
from itertools import groupby
from urllib.parse import quote

import numpy as np
from PIL import Image

# A path of straight lines alone; letters of text are curves of a grid of integers.
LINES = re.compile(r' d="(M [-ML \d.e\s]+z?\s*)"')
# What a reader does not see: comments, line breaks, names of groups that nothing refers to, and
# decimals of places.
UNSEEN = (
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"\s*\n\s*"), "\n"),
    (re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL), ""),
    (re.compile(r'( [xy]="-?\d+\.\d)\d+'), r"\1"),
    (re.compile(r"(translate\([^)]*?-?\d+\.\d\d)\d+(?=[ )])"), r"\1"),
    (re.compile(r"(translate\(-?\d+\.\d\d)\d+(?= )"), r"\1"),
    (re.compile(r'transform="translate\((-?[\d.]+) 0\)"(?=/>)'), r'x="\1"'),
)
# Of a point; the page shows about 1.3 pixels for each.
STEPS = 10
# Points of a line that lie closer than this to the straight way between their neighbours go.
STRAIGHT = 0.1
# A letter's outline, in 64ths of a unit of which a line of text has a hundred; and by how much
# coarser it is written.
GLYPH = re.compile(r'd="([^"]*)" transform="scale\(0\.015625\)"')
COARSER = 16
# Marks of one kind in a row, such as ticks, and the paths that marks are.
MARKS = re.compile(r'(?:<use class="[^"]*" href="#\w+" x="[^"]*" y="[^"]*"/>\n?){2,}')
MARK = re.compile(r'<use class="([^"]*)" href="#(\w+)" x="([^"]*)" y="([^"]*)"/>')
LINE = re.compile(r'<path class="([^"]*)" id="(\w+)" d="M(-?[\d.]+),?(-?[\d.]+)(l[^"M]*)"/>')
# A line of text, whose letters are marks, too.
TEXT = re.compile(r'(<g transform="[^"]*">)\n?((?:<use href="#\w+"[^>]*/>\n?){2,})</g>')
GROUP = re.compile(r"<g(\s[^>]*?)?(/?)>|</g>\s*")
STYLED = re.compile(r'<(\w+)([^<>]*?) style="([^"]*)"([^<>]*)>')


def compact_svg(svg: str) -> str:
    """The SVG with paths rounded and relative, and without anything unused or invisible.

    Rounding comes first, so that no error adds up along a path.
    """
    for pattern, seen in UNSEEN:
        svg = pattern.sub(seen, svg)
    svg = GLYPH.sub(lambda match: f'd="{_glyph(match[1])}" transform="scale(.25)"', svg)
    svg = LINES.sub(lambda match: f' d="{_relative(match[1])}"', svg)
    svg = _without_groups(_with_short_names(svg)).replace('xlink:href="#', 'href="#')
    return _texts_once(svg)


def styles_as_rules(svg: str) -> tuple[str, str]:
    """The SVG with a class in place of each style that several elements have, and its rules."""
    times = Counter(match[3] for match in STYLED.finditer(svg) if "class=" not in match[0])
    names = {
        style: f"s{_short(number)}"
        for number, (style, count) in enumerate(times.most_common())
        if count > 1
    }

    def classed(match: re.Match) -> str:
        if "class=" in match[0] or match[3] not in names:
            return match[0]
        return f'<{match[1]} class="{names[match[3]]}"{match[2]}{match[4]}>'

    tight = {style: re.sub(r"([:;]) ", r"\1", style) for style in names}
    rules = (f".{name}{{{tight[style]}}}" for style, name in names.items())
    return _marks_as_lines(STYLED.sub(classed, svg)), "".join(rules)


def _marks_as_lines(svg: str) -> str:
    """Rows of the same straight mark, as ticks are, drawn as one path."""
    known = {match[2]: match for match in LINE.finditer(svg)}

    def drawn(match: re.Match) -> str:
        text = []
        for (own, name), row in groupby(MARK.findall(match[0]), key=lambda mark: mark[:2]):
            row = list(row)
            line = known.get(name)
            if line is None or line[1] != own:
                text += [f'<use class="{own}" href="#{name}" x="{x}" y="{y}"/>' for *_, x, y in row]
                continue
            starts = ((float(x) + float(line[3]), float(y) + float(line[4])) for *_, x, y in row)
            path = "".join(f"M{x:.6g},{y:.6g}{line[5]}" for x, y in starts)
            text.append(f'<path class="{own}" d="{path}"/>')
        return "\n".join(text) + "\n"

    return MARKS.sub(drawn, svg)


def compact_png(png: bytes, grey: bool) -> bytes:
    """A picture of points on transparent ground, in as few bits as show it alike.

    Grey points are black of sixteen strengths, others of sixteen colours.
    """
    image, smaller = Image.open(io.BytesIO(png)).convert("RGBA"), io.BytesIO()
    if grey:
        # How dark it is on white paper is what black of that strength shows.
        light = np.asarray(image.convert("LA"), dtype=float) / 255
        strength = np.round(15 * light[..., 1] * (1 - light[..., 0])).astype(np.uint8)
        drawn = Image.fromarray(strength, "P")
        drawn.putpalette([0, 0, 0] * 16)
        drawn.save(smaller, "PNG", bits=4, optimize=True, transparency=bytes(range(0, 256, 17)))
    else:
        few = image.quantize(16, method=Image.Quantize.FASTOCTREE)
        few.save(smaller, "PNG", optimize=True)
    return min(smaller.getvalue(), png, key=len)


def base64_of(content: bytes) -> str:
    """As text, for a data address or JSON."""
    return base64.b64encode(content).decode()


def address_of(svg: str, in_a_list: bool = False) -> str:
    """A data address of the SVG, of characters that any attribute of a page may hold as they are.

    Markup grows less by that than by base64: only what means something else in an address or in an
    attribute is written as %XX. in_a_list: as for srcset, whose addresses are parted by spaces.
    """
    text = re.sub(r">\n+<", "><", svg.strip()).replace("\n", " ").replace('"', "'")
    safe = "<>=:;/()[]{}@!$*+,'|^`~?.-_" + " " * (not in_a_list)
    return "data:image/svg+xml," + quote(text, safe=safe)


def _with_short_names(svg: str) -> str:
    """Names of a few letters for what is referred to; the others go."""
    used = dict.fromkeys(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    names = {name: f"i{_short(number)}" for number, name in enumerate(used)}
    # A space is a letter without an outline: it is used, and there is none.
    known = set(re.findall(r' id="([^"]*)"', svg))
    svg = re.sub(
        r'<use xlink:href="#([^"]*)"[^>]*/>\n?', lambda use: use[0] if use[1] in known else "", svg
    )
    svg = re.sub(
        r' id="([^"]*)"', lambda match: f' id="{names[match[1]]}"' if match[1] in names else "", svg
    )
    return re.sub(r'((?:href="|url\()#)([^")]+)', lambda match: f"{match[1]}{names[match[2]]}", svg)


def _without_groups(svg: str) -> str:
    """Groups without attributes dissolved: what is in them stays where it is."""
    kept = []

    def group(match: re.Match) -> str:
        if match[0].startswith("</"):
            return match[0] if kept.pop() else ""
        if match[2]:
            return ""
        kept.append(bool(match[1] and match[1].strip()))
        return match[0] if kept[-1] else ""

    return re.sub(r"\n+", "\n", GROUP.sub(group, svg))


def _texts_once(svg: str) -> str:
    """Lines of text that recur, as numbers on axes do, refer to their first."""
    times = Counter(match[2] for match in TEXT.finditer(svg))
    names = {}

    def text(match: re.Match) -> str:
        begins, letters = match[1], match[2]
        if times[letters] == 1:
            return match[0]
        if letters in names:
            return f'{begins}<use href="#{names[letters]}"/></g>'
        names[letters] = f"t{_short(len(names))}"
        return f'{begins}<g id="{names[letters]}">{letters}</g></g>'

    return TEXT.sub(text, svg)


def _short(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (_short(number // 36) if number >= 36 else "") + digits[number % 36]


def _glyph(path: str) -> str:
    """A letter's outline, commands M, L, Q, C and z with absolute places, coarser and relative."""
    text, at, start = [], (0, 0), (0, 0)
    for command, places in re.findall(r"([MLQCz])([^MLQCz]*)", path):
        numbers = [round(float(number) / COARSER) for number in places.split()]
        moved = [number - at[i % 2] for i, number in enumerate(numbers)]
        text.append(command.lower() + _joined(map(str, moved)))
        at = tuple(numbers[-2:]) if numbers else start  # z leads back to where the outline began
        start = at if command == "M" else start
    return "".join(text)


def _relative(path: str) -> str:
    text = []
    for part in path.replace("z", " z ").split("M"):
        numbers = np.fromstring(part.replace("L", " ").replace("z", " "), sep=" ")
        if numbers.size:
            points = _without_straight(numbers.reshape(-1, 2))
            points = np.round(points * STEPS).astype(int)
            text.append(f"M{_joined(map(_number, points[0]))}")
            steps = np.diff(points, axis=0)
            steps = steps[(steps != 0).any(axis=1)]
            if len(steps):
                text.append("l" + _joined(map(_number, steps.ravel())))
            text.append("z" if "z" in part else "")
    return "".join(text)


def _without_straight(points: np.ndarray) -> np.ndarray:
    """The points [n, 2] that a line needs to stay within STRAIGHT of where it was.

    Douglas & Peucker, "Algorithms for the reduction of the number of points required to represent
    a digitized line or its caricature", 1973.
    """
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        from_start, chord = points[first + 1 : last] - points[first], points[last] - points[first]
        share = from_start @ chord / max(chord @ chord, 1e-12)
        away = from_start - np.clip(share, 0, 1)[:, None] * chord
        distance = np.hypot(*away.T)
        worst = int(distance.argmax())
        if distance[worst] > STRAIGHT:
            middle = first + 1 + worst
            keep[middle] = True
            parts += [(first, middle), (middle, last)]
    return points[keep]


def _joined(numbers) -> str:
    """Numbers of a path: a minus needs nothing before it, and a comma is shorter in an address."""
    return ",".join(numbers).replace(",-", "-")


def _number(tenths: int) -> str:
    text = f"{tenths / STEPS:g}"
    return text.replace("0.", ".", 1) if abs(tenths) < STEPS else text
