"""A font for the page's equations, cut from the STIX fonts that come with matplotlib.

Without an OpenType MATH table browsers guess where subscripts, primes and brackets belong. The STIX
fonts (STI Pub Companies, SIL Open Font License 1.1) carry the letters and the larger brackets, each
size in a file of its own, and no such table: it is made here. The font has the letters that a page
uses and no others, under a name of its own, as the licence asks of a changed font.
"""

import base64
import copy
import html
import io
import re
from pathlib import Path

import matplotlib
from fontTools.otlLib.builder import buildMathTable
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

NAME = "Equations"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SIZES = ("STIXSizOneSymReg", "STIXSizTwoSymReg", "STIXSizThreeSymReg", "STIXSizFourSymReg")
# Thousandths of an em: half the height of a minus sign above the baseline, by the font itself.
AXIS = 253
# The proportions of TeX's fonts (Knuth, The TeXbook, appendix G), in thousandths of an em.
RULE = 66
CONSTANTS = {
    "ScriptPercentScaleDown": 72, "ScriptScriptPercentScaleDown": 55,
    "DelimitedSubFormulaMinHeight": 1500, "DisplayOperatorMinHeight": 1300, "MathLeading": 150,
    "AxisHeight": AXIS, "AccentBaseHeight": 450, "FlattenedAccentBaseHeight": 662,
    "SubscriptShiftDown": 180, "SubscriptTopMax": 360, "SubscriptBaselineDropMin": -100,
    "SuperscriptShiftUp": 380, "SuperscriptShiftUpCramped": 290, "SuperscriptBottomMin": 115,
    "SuperscriptBaselineDropMax": 300, "SubSuperscriptGapMin": 4 * RULE,
    "SuperscriptBottomMaxWithSubscript": 360, "SpaceAfterScript": 40, "UpperLimitGapMin": 110,
    "UpperLimitBaselineRiseMin": 200, "LowerLimitGapMin": 130, "LowerLimitBaselineDropMin": 600,
    "StackTopShiftUp": 440, "StackTopDisplayStyleShiftUp": 680, "StackBottomShiftDown": 345,
    "StackBottomDisplayStyleShiftDown": 690, "StackGapMin": 3 * RULE,
    "StackDisplayStyleGapMin": 7 * RULE, "StretchStackTopShiftUp": 200,
    "StretchStackBottomShiftDown": 600, "StretchStackGapAboveMin": RULE,
    "StretchStackGapBelowMin": RULE, "FractionNumeratorShiftUp": 400,
    "FractionNumeratorDisplayStyleShiftUp": 680, "FractionDenominatorShiftDown": 345,
    "FractionDenominatorDisplayStyleShiftDown": 690, "FractionNumeratorGapMin": RULE,
    "FractionNumDisplayStyleGapMin": 3 * RULE, "FractionRuleThickness": RULE,
    "FractionDenominatorGapMin": RULE, "FractionDenomDisplayStyleGapMin": 3 * RULE,
    "SkewedFractionHorizontalGap": 350, "SkewedFractionVerticalGap": 2 * RULE,
    "OverbarVerticalGap": 3 * RULE, "OverbarRuleThickness": RULE, "OverbarExtraAscender": RULE,
    "UnderbarVerticalGap": 3 * RULE, "UnderbarRuleThickness": RULE,
    "UnderbarExtraDescender": RULE, "RadicalVerticalGap": RULE,
    "RadicalDisplayStyleVerticalGap": 3 * RULE, "RadicalRuleThickness": RULE,
    "RadicalExtraAscender": RULE, "RadicalKernBeforeDegree": 280,
    "RadicalKernAfterDegree": -550, "RadicalDegreeBottomRaisePercent": 65,
}  # fmt: skip
STRETCHED_UP = "()[]{}⟨⟩∑"
BARS = "|\u2016\u2223\u2225"
# Raised again as a superscript, a prime would hang above its letter: it comes down by this much.
PRIME, PRIME_DROP, PRIME_SCALE = "\u2032", 330, 1.25
# Alphabets, first and last letter, and where their mathematical italic begins.
ALPHABETS = (
    (0x41, 0x5A, 0x1D434), (0x61, 0x7A, 0x1D44E), (0x391, 0x3A9, 0x1D6E2), (0x3B1, 0x3C9, 0x1D6FC),
)  # fmt: skip
# Letters whose italic lies elsewhere: h, the partial sign, variants of epsilon, theta, phi, rho.
ELSEWHERE = {
    0x68: 0x210E, 0x2202: 0x1D715, 0x3F5: 0x1D716, 0x3D1: 0x1D717, 0x3D5: 0x1D719, 0x3F1: 0x1D71A,
}  # fmt: skip


def style_with_font(page: str) -> str:
    """CSS that sets the equations of a page in a font it carries; empty if it has no equation."""
    equations = "".join(re.findall(r"<math.*?</math>", page, re.DOTALL))
    if not equations:
        return ""
    letters = set(html.unescape(re.sub(r"<[^>]*>", "", equations)))
    address = base64.b64encode(math_font(letters)).decode()
    return (
        f'@font-face{{font-family:"{NAME}";src:url(data:font/woff;base64,{address})}}'
        f'math{{font-family:"{NAME}",math}}'
    )


def math_font(letters: set[str]) -> bytes:
    """A WOFF font with these letters, upright and italic, and a MATH table."""
    font = TTFont(FONTS / "STIXGeneral.ttf")
    options = Options(hinting=False, layout_features=[], notdef_outline=True, glyph_names=True)
    options.drop_tables += ["FFTM"]  # an editor's time stamp
    subsetter = Subsetter(options)
    wanted = letters | {chr(code) for code in range(0x20, 0x7F)} | {PRIME}
    subsetter.populate(unicodes=[ord(x) for letter in wanted for x in (letter, italic(letter))])
    subsetter.subset(font)
    larger = _variants(font, letters)
    _lower_prime(font)
    bars = {
        name: ([(name, 0, 0, 300, 690), (name, 1, 300, 300, 690), (name, 0, 300, 0, 690)], 0)
        for name in _names(font, BARS)
    }
    buildMathTable(
        font,
        CONSTANTS,
        italicsCorrections=_corrections(font),
        vertGlyphVariants=larger,
        vertGlyphAssembly=bars,
        minConnectorOverlap=50,
    )
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = NAME
    font.flavor = "woff"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def italic(letter: str) -> str:
    """The mathematical italic of a Latin or Greek letter, in which browsers set a lone <mi>."""
    code = ord(letter)
    if code in ELSEWHERE:
        return chr(ELSEWHERE[code])
    for first, last, start in ALPHABETS:
        if first <= code <= last:
            return chr(start + code - first)
    return letter


def _variants(font: TTFont, letters: set[str]) -> dict[str, list[tuple[str, int]]]:
    """Add the larger forms of what grows upright: glyph -> [(form, its height)], smallest first."""
    found, own = {}, font.getBestCmap()
    for number, file in enumerate(SIZES, 1):
        larger = TTFont(FONTS / f"{file}.ttf")
        cmap = larger.getBestCmap()
        for letter in sorted((set(STRETCHED_UP) & letters) | set("()[]")):
            if ord(letter) not in cmap or ord(letter) not in own:
                continue
            name, outline = own[ord(letter)], larger["glyf"][cmap[ord(letter)]]
            # Larger forms are centred on the axis, about which brackets are symmetric.
            shift = AXIS - (outline.yMin + outline.yMax) // 2
            _copy(larger, cmap[ord(letter)], font, f"{name}.{number}", (1, 0, 0, 1, 0, shift))
            first = font["glyf"][name]
            forms = found.setdefault(name, [(name, first.yMax - first.yMin)])
            forms.append((f"{name}.{number}", outline.yMax - outline.yMin))
    return found


def _lower_prime(font: TTFont) -> None:
    name = font.getBestCmap()[ord(PRIME)]
    original = copy.deepcopy(font)
    _copy(original, name, font, name, (PRIME_SCALE, 0, 0, PRIME_SCALE, -40, -PRIME_DROP))


def _copy(source: TTFont, glyph: str, font: TTFont, name: str, transform: tuple) -> None:
    """Draw a glyph of `source` into `font` as `name`, transformed."""
    pen = TTGlyphPen(None)
    source.getGlyphSet()[glyph].draw(TransformPen(pen, transform))
    new = pen.glyph()
    if name not in font.getGlyphOrder():
        font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = new
    new.recalcBounds(font["glyf"])
    font["hmtx"][name] = (round(source["hmtx"][glyph][0] * transform[0]), new.xMin)


def _corrections(font: TTFont) -> dict[str, int]:
    """By how much each letter leans out of its box: a superscript stands that far to the right.

    Browsers refuse a MATH table without any.
    """
    outlines, widths = font["glyf"], font["hmtx"]
    return {
        name: max(0, getattr(outlines[name], "xMax", 0) - widths[name][0])
        for code, name in font.getBestCmap().items()
        if chr(code).isalpha()
    }


def _names(font: TTFont, letters: str) -> list[str]:
    cmap = font.getBestCmap()
    return [cmap[ord(letter)] for letter in letters if ord(letter) in cmap]
