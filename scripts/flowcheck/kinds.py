"""Kinds of values in a JSON file: each says what is wrong with a value, or nothing."""

import math
from collections.abc import Callable

# A value -> what is wrong with it, in words, or None.
Kind = Callable[[object], str | None]


def _shown(value: object) -> str:
    words = repr(value)
    return words if len(words) < 40 else words[:37] + "..."


def text(value: object) -> str | None:
    """Any text."""
    return None if isinstance(value, str) else f"{_shown(value)} is not a text"


def flag(value: object) -> str | None:
    """true or false."""
    return None if isinstance(value, bool) else f"{_shown(value)} is neither true nor false"


def number(value: object) -> str | None:
    """A finite number."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return None if fine else f"{_shown(value)} is not a number"


def positive(value: object) -> str | None:
    """A finite number that is not negative, such as a standard error or a time."""
    return number(value) or (None if value >= 0 else f"{_shown(value)} is negative")


def count(value: object) -> str | None:
    """A whole number that is not negative."""
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if fine else f"{_shown(value)} is not a count"


def one_of(*words: str) -> Kind:
    """One of these words."""

    def kind(value: object) -> str | None:
        return None if value in words else f"{_shown(value)} is not one of {', '.join(words)}"

    return kind


def optional(own: Kind) -> Kind:
    """null, or a value of that kind."""
    return lambda value: None if value is None else own(value)


def list_of(own: Kind) -> Kind:
    """A list of values of that kind."""

    def kind(value: object) -> str | None:
        if not isinstance(value, list):
            return f"{_shown(value)} is not a list"
        return next((fault for fault in map(own, value) if fault), None)

    return kind


def mapping_of(own: Kind) -> Kind:
    """An object whose values are of that kind, by any names."""

    def kind(value: object) -> str | None:
        if not isinstance(value, dict):
            return f"{_shown(value)} is not an object"
        return next(
            (f"{name}: {fault}" for name, one in value.items() if (fault := own(one))), None
        )

    return kind


def record_of(**kinds: Kind) -> Kind:
    """An object that has a value of its kind under each of these keys, and may have others."""

    def kind(value: object) -> str | None:
        if not isinstance(value, dict):
            return f"{_shown(value)} is not an object"
        if missing := [name for name in kinds if name not in value]:
            return f"it lacks {', '.join(missing)}"
        faults = ((name, own(value[name])) for name, own in kinds.items())
        return next((f"{name}: {fault}" for name, fault in faults if fault), None)

    return kind
