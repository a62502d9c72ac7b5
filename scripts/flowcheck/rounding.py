"""Numbers as readers want them: no digit beyond the error, a power of ten where it helps."""

import math
from typing import NamedTuple


class Rounded(NamedTuple):
    """value and error as text, both to be multiplied by 10^power; error is None where unknown."""

    value: str
    error: str | None
    power: int


def rounded(value: float, error: float | None = None, digits: int = 3) -> Rounded:
    """`value` to two digits of its error, or without one to `digits` of its own.

    Powers of ten from -2 to 3 are written out.
    """
    if not math.isfinite(value):
        return Rounded("n/a", None, 0)
    if error is not None and not math.isfinite(error):
        error = None
    size = abs(value) or abs(error or 0.0)
    # 9.996 is to be 10.0, of the next power.
    size = float(f"{size:.2e}")
    power = math.floor(math.log10(size)) if size > 0 else 0
    power = 0 if -2 <= power <= 3 else power
    scale = 10.0**power
    finest = abs(error) / 10 if error else size / 10 ** (digits - 1)
    places = 2 if finest == 0 else math.ceil(-math.log10(finest / scale))
    places = min(max(places, 0), 12)
    text = f"{value / scale:.{places}f}"
    return Rounded(text, None if error is None else f"{error / scale:.{places}f}", power)


def plain(value: float, error: float | None = None, digits: int = 3) -> str:
    """As text for a page: "1.23 ± 0.04", "(1.23 ± 0.04) × 10⁻⁵"; see `rounded`."""
    number, spread, power = rounded(value, error, digits)
    text = number if spread is None else f"{number} ± {spread}"
    text = text.replace("-", "−")
    if power == 0:
        return text
    exponent = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{text} × 10{exponent}" if spread is None else f"({text}) × 10{exponent}"


def mathtext(value: float, error: float | None = None) -> str:
    """As mathtext for a figure."""
    number, spread, power = rounded(value, error)
    text = number if spread is None else rf"{number} \pm {spread}"
    if power == 0:
        return f"${text}$"
    factor = rf" \times 10^{{{power}}}"
    return f"${text}{factor}$" if spread is None else f"$({text}){factor}$"
