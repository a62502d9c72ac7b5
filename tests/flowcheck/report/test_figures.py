"""Figures in the page: both schemes, nothing moved by more than a tenth of a point, smaller."""

import base64
import io
import re
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from flowcheck import files
from flowcheck.plots import style
from flowcheck.report import figures
from flowcheck.report.compact import address_of, compact_svg

NUMBER = re.compile(r"-?\d*\.?\d+")


def drawn(tmp_path, tint="black", plot=None):
    figure = Figure(figsize=(3, 2))
    ax = figure.subplots()
    x = np.linspace(0, 1, 200)
    if plot is None:
        ax.scatter(x, x**2, s=2, color=tint, alpha=0.3, lw=0, rasterized=True)
        ax.plot(x, np.sin(9 * x), color="#0072b2")
    else:
        plot(ax)
    files.write_figure([tmp_path / "a.svg"], figure)
    return (tmp_path / "a.svg").read_text(encoding="utf-8")


def contrast(colour, paper):
    """WCAG's contrast ratio of two #rrggbb."""

    def luminance(text):
        rgb = np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(colour), luminance(paper)))
    return (high + 0.05) / (low + 0.05)


def test_every_colour_has_one_for_the_dark(tmp_path):
    svg = figures.for_both_schemes(drawn(tmp_path))
    ElementTree.fromstring(svg)
    light, dark = svg.split("@media", 1)
    named = set(re.findall(r"var\((--c[0-9a-f]{6})\)", svg))
    assert {"--c000000", "--cffffff", "--c0072b2"} <= named
    for part in (light, dark[: dark.index("</style>")]):
        assert named <= set(re.findall(r"(--c[0-9a-f]{6}):#[0-9a-f]{6};", part))
    # What is drawn has no colour of its own left.
    assert not re.search(r"(fill|stroke): #", svg)


@pytest.mark.parametrize("colour", ["#000000", *sorted(style._FIXED.values()), *style._SPARE])
def test_colours_are_seen_on_dark_paper(colour):
    # 3 to 1 is what WCAG 2.1 asks of graphics (1.4.11).
    assert contrast(figures.on_dark(colour), figures.on_dark("#ffffff")) > 3


@pytest.mark.parametrize(("tint", "kind"), [("black", "ink"), ("#d55e00", "colour")])
def test_pictures_of_points_are_recoloured_by_a_filter(tmp_path, tint, kind):
    svg = figures.for_both_schemes(drawn(tmp_path, tint))
    assert f'<image class="{kind}"' in svg
    assert f'<filter id="{kind}"' in svg
    (encoded,) = re.findall(r"data:image/png;base64,([^\"]*)", svg)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGBA"))
    assert (pixels[..., 3] > 0).any()
    assert (pixels[..., 3] == 0).any()


def test_photographs_are_left_as_they_are(tmp_path):
    svg = drawn(tmp_path, plot=lambda ax: ax.imshow(np.eye(8), cmap="gray_r"))
    assert "<image class" not in figures.for_both_schemes(svg)


def test_lines_stay_where_they_are_to_a_tenth_of_a_point(tmp_path):
    svg = drawn(tmp_path, plot=lambda ax: ax.plot(np.linspace(0, 1, 500), np.random.default_rng(1)
                                                  .normal(size=500), lw=0.5))  # fmt: skip
    longest = max(re.findall(r' d="(M [^"CQ]*)"', svg), key=len)
    before = np.array(NUMBER.findall(longest), dtype=float).reshape(-1, 2)
    small = compact_svg(svg)
    path = max(re.findall(r' d="(M[^"]*l[^"]*)"', small), key=len)
    start, steps = path.split("l")
    after = np.cumsum(
        np.array(NUMBER.findall(start) + NUMBER.findall(steps), dtype=float).reshape(-1, 2), axis=0
    )
    # Points on a straight way are left out: each that is kept lies by an old one, to the rounding,
    # and each old one by the line that is left, to a tenth and the rounding.
    distance = np.abs(after[:, None] - before[None]).max(-1)
    assert distance.min(1).max() < 0.0501
    assert to_line(before, after).max() < 0.1 + 0.0501 * np.sqrt(2)
    assert len(small) < 0.7 * len(svg)


def to_line(points, line):
    """Distances of points [n, 2] from a line through [m, 2]."""
    starts, ways = line[:-1], np.diff(line, axis=0)
    from_start = points[:, None] - starts
    share = np.clip((from_start * ways).sum(-1) / (ways**2).sum(-1), 0, 1)
    return np.linalg.norm(from_start - share[..., None] * ways, axis=-1).min(1)


def busy(ax):
    """What compacting touches: ticks of two kinds, marks, repeated text, exponents, clipping."""
    x = np.geomspace(0.2, 200, 60)
    ax.loglog(x, x**2, "o", ms=3, color="#0072b2", clip_on=True)
    ax.errorbar(x[::9], x[::9], yerr=0.3 * x[::9], fmt="s", color="#d55e00", label="10 10")
    ax.legend()


def test_what_is_referred_to_is_there_once(tmp_path):
    svg = figures.for_both_schemes(drawn(tmp_path, plot=busy))
    tree = ElementTree.fromstring(svg)
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    wanted = set(re.findall(r'(?:href="|url\()#(\w+)', svg))
    assert len(ids) == len(set(ids))
    assert wanted <= set(ids)
    classes = {element.get("class") for element in tree.iter() if element.get("class")}
    assert all(f".{name}{{" in svg for name in classes)


def test_marks_in_a_row_keep_their_places(tmp_path):
    svg = drawn(tmp_path, plot=busy)
    small = figures.for_both_schemes(svg)
    # The circles stay marks; rounded, in their order.
    places = r'x="(-?\d+\.\d)\d*" y="(-?\d+\.\d)\d*"'
    circles = [m for m in re.findall(rf"<use [^>]*{places}", svg)]
    assert len(circles) > 60
    after = set(re.findall(rf"<use [^>]*{places}", small))
    # Ticks become paths that begin where their marks were.
    lines = {(float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+),?(-?[\d.]+)l", small)}
    lost = [mark for mark in circles if mark not in after]
    assert 0 < len(lost) < len(circles)
    for x, y in lost:
        assert min(np.hypot(float(x) - a, float(y) - b) for a, b in lines) < 0.15


@pytest.mark.parametrize("in_a_list", [False, True])
def test_address_holds_the_svg_and_nothing_that_an_attribute_could_not(tmp_path, in_a_list):
    svg = figures.for_both_schemes(drawn(tmp_path, plot=busy))
    address = address_of(svg, in_a_list)
    scheme, text = address.split(",", 1)
    assert scheme == "data:image/svg+xml"
    assert not re.search(r'["\n\t&#]', text)
    assert (" " in text) != in_a_list  # where they part addresses
    same = [
        [(one.tag, one.attrib) for one in ElementTree.fromstring(code).iter()]
        for code in (svg, unquote(text))
    ]
    assert same[0] == same[1]
    assert len(address) < 1.25 * len(svg)


def test_narrow_version_is_found_beside_the_figure(tmp_path):
    drawn(tmp_path)
    assert figures.picture(str(tmp_path / "a.svg"))["narrow"] is None
    (tmp_path / "a_narrow.svg").write_bytes((tmp_path / "a.svg").read_bytes())
    shown = figures.picture(str(tmp_path / "a.svg"))
    assert unquote(shown["wide"]) == unquote(shown["narrow"])
    assert shown["wide"].startswith("data:image/svg+xml,")
