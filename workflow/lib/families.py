"""The settings that a flow or a posterior declares, read from its source: rules import no model.

They are the typed arguments of its `__init__`, and in a config flat keys of its entry.
"""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .imports import SCRIPTS

FLOWS = SCRIPTS / "flowcheck" / "flows"
TARGETS = SCRIPTS / "flowcheck" / "targets"
SIMPLE = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "None": {"type": "null"},
    # Of flowcheck/settings.py.
    "Count": {"type": "integer", "minimum": 1},
    "Positive": {"type": "number", "exclusiveMinimum": 0},
}


class Setting(NamedTuple):
    """One setting: the JSON schema of its values, and whether it must be given."""

    schema: dict
    required: bool


class Unreadable(ValueError):
    """A model file that cannot be read as Python; the message names the file and the line."""


@cache
def flow_settings(family: str) -> dict[str, Setting] | None:
    """The settings of `flows/<family>.py` by name, or None if no such file defines a flow."""
    path = FLOWS / f"{family}.py"
    flow = _class(path, "Flow") if path.is_file() else None
    # base's own Flow derives from something else.
    if flow is None or not any(ast.unparse(parent).endswith("Flow") for parent in flow.bases):
        return None
    return _settings(flow, path)


@cache
def target_settings(path: Path) -> dict[str, Setting] | None:
    """The settings of the posterior in the file `path`; None if they cannot be told from it.

    Raises Unreadable if the file is not Python.
    """
    target = _class(path, "Target")
    return None if target is None else _settings(target, path)


def flow_families() -> list[str]:
    """The names of all files that define a flow."""
    names = sorted(path.stem for path in FLOWS.glob("*.py"))
    return [name for name in names if flow_settings(name) is not None]


def target_families() -> list[str]:
    """The names of all files that define a posterior."""
    names = sorted(path.stem for path in TARGETS.glob("*.py"))
    return [name for name in names if _class(TARGETS / f"{name}.py", "Target") is not None]


@cache
def constant(module: str, name: str) -> float:
    """A number that `flowcheck/<module>.py` names at its top, read without importing it."""
    path = SCRIPTS / "flowcheck" / f"{module}.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise LookupError(f"{path} names no {name}")


def _class(path: Path, name: str) -> ast.ClassDef | None:
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise Unreadable(f"{path}{line}: {getattr(error, 'msg', error)}") from None
    classes = (node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    return next(classes, None)


def _settings(cls: ast.ClassDef, path: Path) -> dict[str, Setting] | None:
    """The arguments of `__init__` after self and its first, which is the dimension or the data."""
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            break
    else:
        inherits = any(not ast.unparse(base).endswith(("Flow", "object")) for base in cls.bases)
        return _inherited(cls, path) if inherits else {}
    given = node.args
    if given.kwarg or given.vararg:
        return None
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    pairs = list(zip(positional, defaults, strict=True))[2:]
    pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
    return {
        argument.arg: Setting(_schema(argument.annotation, default), required=default is None)
        for argument, default in pairs
    }


def _inherited(cls: ast.ClassDef, path: Path) -> dict[str, Setting] | None:
    """The settings of a parent that is the class of the same name in a file beside this one."""
    for base in cls.bases:
        module = ast.unparse(base).split(".")[0]
        beside = path.with_name(f"{module}.py")
        if beside.is_file() and beside != path and (parent := _class(beside, cls.name)):
            return _settings(parent, beside)
    return None


def _schema(annotation: ast.expr | None, default: ast.expr | None) -> dict:
    """The JSON schema of an annotation; without one, a number if the default is one, else any."""
    if annotation is None:
        number = isinstance(default, ast.Constant) and type(default.value) in (int, float)
        return {"type": "number"} if number else {}
    if isinstance(annotation, ast.BinOp):
        sides = [_schema(side, None) for side in (annotation.left, annotation.right)]
        return {"anyOf": sides} if all(sides) else {}
    if isinstance(annotation, ast.Subscript):
        kind = ast.unparse(annotation.value)
        if kind == "list":
            return {"type": "array", "items": _schema(annotation.slice, None), "minItems": 1}
        if kind == "Literal":
            choices = getattr(annotation.slice, "elts", [annotation.slice])
            return {"enum": [ast.literal_eval(choice) for choice in choices]}
        return {}
    return SIMPLE.get(ast.unparse(annotation), {})
