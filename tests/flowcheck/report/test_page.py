"""Small things of the page that need no study."""

from flowcheck.report.page import symbols


def test_names_of_files_become_symbols():
    assert symbols("bias of E theta2^3") == "bias of E θ<sub>2</sub><sup>3</sup>"


def test_what_is_no_markup_is_escaped():
    assert symbols("a < b & c") == "a &lt; b &amp; c"
