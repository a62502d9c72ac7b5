"""LaTeX to MathML, which browsers set without a script and without the network."""

import re

from latex2mathml.converter import convert

THIN = "0.167em"
FUNCTION = "<mi>(log|exp)</mi>"
# What ends an operand, and what begins an argument in brackets.
OPERAND = r"</mi>|</mn>|</mrow>|</msub>|</msup>|</mfrac>|</mstyle>"
BRACKET = r"<mo[^>]*>&#x00028;|<mrow><mo[^>]*>&#x00028;"
# Where a minus is a sign, not a difference: after an opening bracket, an arrow or an equals sign.
BEFORE_SIGN = r"<mo[^>]*>(?:&#x00028;|\[|&#x02192;|&#x0003D;)</mo>"
# What the converter leaves undone, in order: ~ and primes are operators, no letters; the upright
# single letter; the space that TeX sets around a function's name; the sign.
MENDS = [
    ("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"),
    ("<mi>&#x02032;</mi>", "<mo>&#x02032;</mo>"),
    (r"<mi>(&#x000[45]\w;)</mi>", r'<mi mathvariant="normal">\1</mi>'),
    (rf"({OPERAND}){FUNCTION}", rf'\1<mspace width="{THIN}" /><mi>\2</mi>'),
    (rf"{FUNCTION}(?!{BRACKET})", rf'<mi>\1</mi><mspace width="{THIN}" />'),
    (rf"({BEFORE_SIGN})<mo>&#x02212;</mo>", r'\1<mo form="prefix">&#x02212;</mo>'),
]


def mathml(latex: str, display: bool) -> str:
    """One equation as a MathML element. Raises ValueError if it does not convert whole."""
    try:
        html = convert(" ".join(latex.split()), display="block" if display else "inline")
    except Exception as error:  # the converter raises whatever comes
        raise ValueError(f"cannot convert the equation {latex!r}: {error!r}") from error
    if "\\" in html:
        raise ValueError(f"the equation {latex!r} has a command that cannot be converted")
    for pattern, mended in MENDS:
        html = re.sub(pattern, mended, html)
    return html
