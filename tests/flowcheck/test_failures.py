"""Which errors are a paragraph for the user, and which are bugs."""

import pytest

from flowcheck.failures import explain

# What a step ends with, and how the paragraph begins; None: a bug, which has none.
ENDS = {
    "data": (
        "from flowcheck.observations import checked; import numpy\n"
        "checked(numpy.array([1.0, numpy.nan]), 'mine.npy')",
        "mine.npy has 1 values that are not finite, the first at index 1",
    ),
    "the library's ValueError": (
        "from flowcheck.flows import make_flow\nmake_flow('planar', 2, {'depth': 3})",
        "flow family 'planar' refuses its settings {'depth': 3}",
    ),
    "the step's own": ("raise ValueError('one\\n  two')", "one two"),
    "a full disk": (
        "raise OSError(28, 'No space left on device', 'made/out.txt')",
        "No space left on device: made/out.txt; free some disk space",
    ),
    "a file without rights": (
        "raise PermissionError(13, 'Permission denied', 'made/out.txt')",
        "Permission denied: made/out.txt; make it writable",
    ),
    "memory": ("raise MemoryError", "There is not enough memory: an allocation failed; give"),
    "torch's memory": (
        "class OutOfMemoryError(RuntimeError): pass\n"
        "raise OutOfMemoryError('Tried to allocate 9 GiB')",
        "There is not enough memory: Tried to allocate 9 GiB; give",
    ),
    "a key": ("{}['absent']", None),
    "a built-in's ValueError": ("int('x')", None),
    "NumPy's ValueError": ("import numpy; numpy.zeros(3).reshape(2)", None),
    "NumPy's, from its Python": ("import numpy; numpy.broadcast_shapes(2, 3)", None),
    "a name": ("absent", None),
    "an assertion": ("assert 1 == 2", None),
    "ours, about a name": ("raise NameError('no such thing')", None),
}


def raised(code: str) -> Exception:
    """What a step of this code ends with."""
    try:
        exec(compile(code, "a step", "exec"), {"__name__": "__main__"})
    except Exception as error:
        return error
    raise AssertionError(f"this raises nothing: {code}")


@pytest.mark.parametrize("name", ENDS)
def test_an_error_raised_in_words_is_a_paragraph_and_any_other_is_a_bug(name):
    code, start = ENDS[name]
    paragraph = explain(raised(code))
    assert (paragraph is None) == (start is None)
    if start is not None:
        assert paragraph.startswith(start)
        assert "\n" not in paragraph


def test_a_message_raised_while_a_librarys_error_is_handled_is_ours():
    code = """
try:
    int("x")
except ValueError as error:
    raise ValueError(f"mine.json: {error}") from None
"""
    assert explain(raised(code)).startswith("mine.json: invalid literal")


def test_a_librarys_error_passed_on_stays_a_bug():
    code = """
try:
    int("x")
except ValueError:
    raise
"""
    assert explain(raised(code)) is None


def test_an_error_never_raised_is_no_message():
    assert explain(ValueError("made, not raised")) is None
