"""What a flow's or a posterior's file takes, read from its source: rules import no model code."""

import ast
from functools import cache
from typing import NamedTuple

from workflow.lib.imports import SCRIPTS

FLOWS = SCRIPTS / "flowcheck" / "flows"
TARGETS = SCRIPTS / "flowcheck" / "targets"


class Sizes(NamedTuple):
    """The settings of a family besides the dimension: those it must be given, and all."""

    required: tuple[str, ...]
    known: tuple[str, ...]


@cache
def flow_sizes(family: str) -> Sizes | None:
    """The settings of `flows/<family>.py`, or None if no such file defines a flow."""
    path = FLOWS / f"{family}.py"
    if not path.is_file():
        return None
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Flow" and _derives_from_flow(node):
            return _arguments(node)
    return None


def _derives_from_flow(flow: ast.ClassDef) -> bool:
    """Whether this is a family: base's own Flow derives from something else."""
    return any(ast.unparse(parent).endswith("Flow") for parent in flow.bases)


def _arguments(flow: ast.ClassDef) -> Sizes:
    for node in flow.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            names = [argument.arg for argument in node.args.args[2:]]  # after self and dim, or y
            optional = len(node.args.defaults)
            return Sizes(tuple(names[: len(names) - optional]), tuple(names))
    return Sizes((), ())


@cache
def target_arguments(family: str) -> tuple[str, ...]:
    """The settings that the posterior in `targets/<family>.py` takes besides its data."""
    for node in ast.parse((TARGETS / f"{family}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Target":
            return _arguments(node).known
    return ()


def flow_families() -> list[str]:
    """The names of all files that define a flow."""
    names = sorted(path.stem for path in FLOWS.glob("*.py"))
    return [name for name in names if flow_sizes(name) is not None]
