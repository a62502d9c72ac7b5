"""The font of the equations: it has their letters, and a table that browsers accept."""

import io
import re
import unicodedata

import pytest
from fontTools.ttLib import TTFont

from flowcheck.report import mathfont
from flowcheck.report.equations import mathml


@pytest.fixture(scope="module")
def font():
    return TTFont(io.BytesIO(mathfont.math_font(set("xh(|\u03b1\u03d5\u2211\u23df\u2032"))))


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("x", "MATHEMATICAL ITALIC SMALL X"),
        ("h", "PLANCK CONSTANT"),
        ("Z", "MATHEMATICAL ITALIC CAPITAL Z"),
        ("\u03b1", "MATHEMATICAL ITALIC SMALL ALPHA"),
        ("\u03c9", "MATHEMATICAL ITALIC SMALL OMEGA"),
        ("\u03d5", "MATHEMATICAL ITALIC PHI SYMBOL"),
        ("\u03f5", "MATHEMATICAL ITALIC EPSILON SYMBOL"),
        ("\u2202", "MATHEMATICAL ITALIC PARTIAL DIFFERENTIAL"),
        ("1", "DIGIT ONE"),
    ],
)
def test_letters_have_their_mathematical_italic(letter, expected):
    assert unicodedata.name(mathfont.italic(letter)) == expected


def test_letters_are_there_upright_and_italic_and_others_are_not(font):
    cmap = font.getBestCmap()
    wanted = "xh\u03b1\u03d5"
    assert {ord(letter) for letter in wanted} <= set(cmap)
    assert {ord(mathfont.italic(letter)) for letter in wanted} <= set(cmap)
    assert not {
        ord(other) for letter in "\u03b2" for other in (letter, mathfont.italic(letter))
    } & set(cmap)


def test_brackets_grow_about_the_axis(font):
    """The four parts without which browsers drop the table, and forms that are ever larger."""
    table, outlines = font["MATH"].table, font["glyf"]
    assert table.MathConstants.AxisHeight.Value == mathfont.AXIS
    assert table.MathGlyphInfo is not None
    variants = table.MathVariants
    names = variants.VertGlyphCoverage.glyphs
    assert {"parenleft", "bracketleft", "bar", "uni2211"} <= set(names)
    for name, construction in zip(names, variants.VertGlyphConstruction, strict=True):
        forms = construction.MathGlyphVariantRecord or []
        sizes = [form.AdvanceMeasurement for form in forms]
        assert sizes == sorted(set(sizes)), name
        for form in forms[1:]:
            outline = outlines[form.VariantGlyph]
            assert outline.yMax - outline.yMin == form.AdvanceMeasurement
            assert (outline.yMax + outline.yMin) / 2 == pytest.approx(mathfont.AXIS, abs=1)
    # A bar is put together, to any height.
    bar = variants.VertGlyphConstruction[names.index("bar")]
    assert [part.PartFlags for part in bar.GlyphAssembly.PartRecords] == [0, 1, 0]


def test_prime_comes_down(font):
    assert font["glyf"]["uni2032"].yMax < 600 < 678  # where STIX has it


def test_a_page_carries_it_only_for_equations():
    assert mathfont.style_with_font("<p>no equation</p>") == ""
    css = mathfont.style_with_font(f"<p>{mathml(r'x_1', display=False)}</p>")
    assert re.match(r'@font-face\{font-family:"Equations";src:url\(data:font/woff;base64,', css)
    assert len(css) < 40_000
