"""What a target's class declares, checked: parameters or dimension, functions and arguments.

See docs/own-posterior.md for the contract. Nothing is computed here: `first_look` tries the model.
"""

import inspect
from typing import NamedTuple

from flowcheck.calls import double_precision
from flowcheck.model_errors import ModelError, at_line, explain, line_of, nearest
from flowcheck.supports import Parameter

# Keys of a target's entry in a config that are not settings of its class.
ENTRY_KEYS = ("file", "family", "data", "reference")


class Declared(NamedTuple):
    """parameters: those with names, in order, or None where the target declares `dim` alone."""

    parameters: list[Parameter] | None
    dim: int


def build(target: type, data: dict, settings: dict, file: str):
    """An instance of the class `target` of `file`, its settings checked against `__init__`.

    Raises ModelError for settings that it lacks or misses, and for what its `__init__` raises.
    """
    if target.__init__ is object.__init__:
        if settings:
            raise ModelError(
                f"{at_line(file, line_of(target))}: class {target.__name__} has no __init__, so it "
                f"takes no settings; the config gives {', '.join(settings)}"
            )
        return _called(target, {}, file)
    _check_settings(target, settings, at_line(file, line_of(target.__init__)))
    return _called(target, settings, file, {name: array.copy() for name, array in data.items()})


def _called(target: type, settings: dict, file: str, *data):
    try:
        with double_precision():
            return target(*data, **settings)
    except (Exception, SystemExit) as error:
        explained = explain(error, file, "in __init__")
        if isinstance(error, KeyError) and data and error.args and error.args[0] not in data[0]:
            name = error.args[0]
            explained = ModelError(
                f"{explained}: no such array in the data{nearest(name, data[0])}"
            )
        raise explained from error


def _check_settings(target: type, settings: dict, place: str) -> None:
    arguments = list(inspect.signature(target.__init__).parameters.values())[1:]
    if not arguments or arguments[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    ):
        raise ModelError(
            f"{place}: __init__ is always passed the data, a dictionary of arrays ({{}} without a "
            "file): def __init__(self, data, ...)"
        )
    own = [one for one in arguments[1:] if one.kind is not inspect.Parameter.VAR_POSITIONAL]
    known = [one.name for one in own if one.kind is not inspect.Parameter.VAR_KEYWORD]
    for name in known:
        if name in ENTRY_KEYS:
            raise ModelError(
                f"{place}: the setting '{name}' clashes with a key of the config's own "
                f"({', '.join(ENTRY_KEYS)}); rename it"
            )
    for name in settings if len(known) == len(own) else ():
        if name not in known:
            raise ModelError(f"{place}: __init__ has no setting '{name}'{nearest(name, known)}")
    empty = inspect.Parameter.empty
    for one in own:
        if one.name in known and one.default is empty and one.name not in settings:
            raise ModelError(
                f"{place}: __init__ needs '{one.name}', which the config does not give: add it to "
                f"the target's entry, or give it a default here"
            )


def declared(model, file: str) -> Declared:
    """What `model`, an instance of `file`'s class, declares.

    Raises ModelError for both or neither of `parameters` and `dim`, both or neither of
    `log_density` and `value_and_grad`, arguments that do not match, and unusable parameters.
    """
    place = at_line(file, line_of(type(model)))
    by_name, dim = getattr(model, "parameters", None), getattr(model, "dim", None)
    if (by_name is None) == (dim is None):
        raise ModelError(
            f"{place}: class Target declares {'both' if dim is not None else 'neither'} of "
            '`parameters`, such as {"alpha": "real", "sigma": "positive"}, and `dim`, the number '
            "of coordinates of an unconstrained theta; declare one of them, on the class or in "
            "__init__"
        )
    density, numpy = (callable(getattr(model, n, None)) for n in ("log_density", "value_and_grad"))
    if density == numpy:
        raise ModelError(
            f"{place}: class Target has {'both' if density else 'neither'} of log_density (torch) "
            "and value_and_grad (NumPy arrays); define one of them"
        )
    if by_name is not None and (numpy or hasattr(model, "gradient")):
        function = "value_and_grad" if numpy else "gradient"
        raise ModelError(
            f"{at_line(file, line_of(getattr(model, function)))}: {function} works on R^dim, so it "
            "goes with `dim` and not with `parameters`"
        )
    if by_name is not None:
        parameters = _parameters(by_name, type(model), file)
        _check_arguments(model, [one.name for one in parameters], file)
        return Declared(parameters, sum(one.size for one in parameters))
    _check_one_argument(model, "value_and_grad" if numpy else "log_density", file)
    if callable(getattr(model, "gradient", None)):
        _check_one_argument(model, "gradient", file)
    if isinstance(dim, bool) or not _is_whole(dim) or dim < 1:
        place = at_line(file, line_of(type(model), "dim ="))
        raise ModelError(f"{place}: `dim` is {dim!r} and should be a whole number from 1 on")
    return Declared(None, int(dim))


def _is_whole(value) -> bool:
    try:
        return float(value) == int(value)
    except (TypeError, ValueError, OverflowError):
        return False


def _parameters(by_name, target: type, file: str) -> list[Parameter]:
    def place(*names) -> str:
        quoted = [f"{quote}{name}{quote}" for name in names for quote in "\"'"]
        return at_line(file, line_of(target, *quoted, "parameters ="))

    if not isinstance(by_name, dict) or not by_name:
        raise ModelError(
            f"{place()}: `parameters` is {by_name!r} and should be a dictionary of names and "
            'supports, such as {"alpha": "real", "beta": ("real", 2)}'
        )
    parameters = []
    for name, support in by_name.items():
        try:
            parameters.append(Parameter(name, support))
        except ModelError as error:
            raise ModelError(f"{place(name)}: {error}") from None
    names = {one.name for one in parameters}
    for one in parameters:
        # ArviZ names the axes of a parameter so, and an axis may not have a variable's name.
        for axis in range(len(one.shape)):
            if (clash := f"{one.name}_dim_{axis}") in names:
                raise ModelError(
                    f"{place(clash)}: parameter '{clash}' clashes with the name that ArviZ gives "
                    f"to an axis of '{one.name}'; rename it"
                )
    return parameters


def _check_arguments(model, names: list[str], file: str) -> None:
    """`log_density` takes every parameter by its name, and nothing else that it needs."""
    place = at_line(file, line_of(model.log_density))
    taken, needed, anything = _arguments(model.log_density, place)
    for name in names:
        if name not in taken and not anything:
            raise ModelError(
                f"{place}: log_density has no argument '{name}', which `parameters` "
                f"declares{nearest(name, taken)}"
            )
    for name in needed:
        if name not in names:
            raise ModelError(
                f"{place}: log_density has an argument '{name}', which `parameters` does not "
                f"declare{nearest(name, names)}. Data and settings belong in __init__, on self; "
                "minibatches are not possible: every call sees all the data"
            )


def _check_one_argument(model, function: str, file: str) -> None:
    place = at_line(file, line_of(getattr(model, function)))
    taken, needed, _ = _arguments(getattr(model, function), place)
    if not taken or len(needed) > 1:
        raise ModelError(
            f"{place}: with `dim`, {function} takes one argument besides self, and this one "
            f"takes {', '.join(taken) or 'none'}. Data and settings belong in __init__, on self; "
            "minibatches are not possible: every call sees all the data"
        )


def _arguments(function, place: str) -> tuple[list[str], list[str], bool]:
    """(all names, those without a default, whether there is ** or *) of a bound method."""
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise ModelError(f"{place}: {error}; is `self` missing?") from None
    kinds = inspect.Parameter
    named = [one for one in arguments if one.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL)]
    needed = [one.name for one in named if one.default is kinds.empty]
    return [one.name for one in named], needed, len(named) < len(arguments)
