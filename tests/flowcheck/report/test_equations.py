"""Equations: what the converter leaves undone is mended, and what it does right is left alone."""

import pytest

from flowcheck.report.equations import mathml

SPACE = '<mspace width="0.167em" />'


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"m \sim N", "<mi>m</mi><mo>&#x0223C;</mo><mi>N</mi>"),
        (r"x'", "<msup><mi>x</mi><mo>&#x02032;</mo></msup>"),
        (r"\mathrm{E} x", '<mi mathvariant="normal">&#x00045;</mi><mi>x</mi>'),
        (r"E x", "<mi>E</mi><mi>x</mi>"),
        (r"\log p", f"<mrow><mi>log</mi>{SPACE}<mi>p</mi>"),
        (r"\log (p)", "<mrow><mi>log</mi><mo"),
        (r"a \log p", f"<mi>a</mi>{SPACE}<mi>log</mi>{SPACE}<mi>p</mi>"),
        (r"= \log p", f"<mo>&#x0003D;</mo><mi>log</mi>{SPACE}<mi>p</mi>"),
        (r"(-x)", '<mo form="prefix">&#x02212;</mo><mi>x</mi>'),
        (r"y - x", "<mi>y</mi><mo>&#x02212;</mo><mi>x</mi>"),
    ],
)
def test_equation_is_set_as_tex_sets_it(latex, expected):
    assert expected in mathml(latex, display=False)
