"""Numbers as readers see them: digits that the error allows, powers of ten where they help."""

import pytest

from flowcheck.rounding import mathtext, plain


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (1.234, None, "1.23"),
        (-208.9429, 0.0123, "−208.943 ± 0.012"),
        (4.2e-3, 0.8e-3, "(4.20 ± 0.80) × 10⁻³"),
        (1.1e-5, None, "1.10 × 10⁻⁵"),
        (0.0, None, "0.00"),
        (9.994e-3, None, "9.99 × 10⁻³"),
        (9.996e-3, None, "0.0100"),  # not 10.00 × 10⁻³
        (9.996e-6, None, "1.00 × 10⁻⁵"),
        (float("nan"), None, "n/a"),
    ],
)
def test_plain(value, error, text):
    assert plain(value, error) == text


def test_exact_values_may_have_more_digits():
    assert plain(-14.470583, digits=5) == "−14.471"
    assert plain(-4.0658e-5, digits=4) == "−4.066 × 10⁻⁵"
    assert plain(1.0, 0.1, digits=5) == "1.00 ± 0.10"  # the error decides


def test_mathtext_says_the_same():
    assert mathtext(1.1e-5, 0.2e-5) == r"$(1.10 \pm 0.20) \times 10^{-5}$"
