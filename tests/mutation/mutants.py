"""Small faults in a module's source: one operator, comparison, constant or statement is another."""

import ast
import copy
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult, ast.MatMult: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NOT_COMPUTED = {
    "annotation", "returns", "decorator_list", "type_params", "bases", "defaults", "kw_defaults",
}  # fmt: skip


class Mutant(NamedTuple):
    """A fault: where it is, the line as it was and as it is, and the whole module with it."""

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Every fault that can be made in a module of this source, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for place, change in enumerate(_changes(tree)):
        other = copy.deepcopy(tree)
        node, statement, apply = list(_changes(other))[place]
        before = ast.unparse(change[1])
        apply()
        ast.fix_missing_locations(other)
        after = ast.unparse(statement) if statement in ast.walk(other) else "(left out)"
        line = getattr(node, "lineno", statement.lineno)
        if before != after:
            found.append(Mutant(line, before, after, ast.unparse(other)))
    return found


def sampled(source: str, count: int, seed: str) -> list[Mutant]:
    """At most `count` of them, drawn by the seed, in the order of their lines."""
    all_of_them = mutants(source)
    drawn = random.Random(seed).sample(all_of_them, min(count, len(all_of_them)))
    return sorted(drawn, key=lambda mutant: mutant.line)


Change = tuple[ast.AST, ast.stmt, Callable[[], None]]


def _changes(tree: ast.Module) -> Iterator[Change]:
    """The node, its statement and what makes the fault, for each place that can have one."""
    for parent, field, place, statement in _statements(tree):
        if _can_go(statement):
            yield statement, statement, partial(_leave_out, getattr(parent, field), place)
        yield from _in_expressions(statement)


def _statements(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int, ast.stmt]]:
    for parent in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            own = getattr(parent, field, None)
            for place, statement in enumerate(own if isinstance(own, list) else ()):
                yield parent, field, place, statement


def _leave_out(body: list[ast.stmt], place: int) -> None:
    body[place] = ast.Pass()


def _can_go(statement: ast.stmt) -> bool:
    """Whether the module without this statement can be imported, and differs."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)  # a docstring
    return isinstance(statement, ast.AugAssign | ast.Raise | ast.Continue | ast.Break)


def _in_expressions(statement: ast.stmt) -> Iterator[Change]:
    """Faults in what a statement computes; not in annotations, messages, or nested statements.

    Nor in constants with a name of their own and in defaults: these are choices, such as a number
    of grid points, of which the double serves as well.
    """
    if isinstance(statement, ast.Raise | ast.Import | ast.ImportFrom) or _is_choice(statement):
        return
    waiting, ends = [statement], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        ends.update(_counted_from_the_end(node))
        if node in ends:
            waiting.append(node.operand)
            continue
        if node is not statement or isinstance(node, ast.AugAssign):
            for change in _in_node(node):
                yield node, statement, change
        for field, value in ast.iter_fields(node):
            if field in NOT_COMPUTED:
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [
                child
                for child in reversed(children)
                if isinstance(child, ast.AST) and not isinstance(child, ast.stmt)
            ]


def _counted_from_the_end(node: ast.AST) -> list[ast.AST]:
    """An axis or a place such as -1, among a call's arguments or as an index.

    Counted from the other end it is the same one, where there are two, or the shapes no longer fit:
    a fault of which a test shows nothing.
    """
    places = []
    if isinstance(node, ast.Call):
        named = [one.value for one in node.keywords if one.arg in ("dim", "axis")]
        places = [*node.args, *named]
    elif isinstance(node, ast.Subscript):
        places = [node.slice]
    return [
        place
        for place in places
        if isinstance(place, ast.UnaryOp)
        and isinstance(place.op, ast.USub)
        and isinstance(place.operand, ast.Constant)
        and isinstance(place.operand.value, int)
    ]


def _is_choice(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):  # a default, where it is a field's
        return isinstance(statement.value, ast.Constant)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return bool(names) and all(name.id.isupper() for name in names)


def _in_node(node: ast.AST) -> Iterator[Callable[[], None]]:
    def setting(name, value):
        return lambda: setattr(node, name, value)

    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        yield setting("ops", [COMPARED[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in COMPUTED:
        yield setting("op", COMPUTED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield setting("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield setting("op", ast.UAdd())
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield setting("value", not node.value)
        elif isinstance(node.value, int):
            yield setting("value", node.value + 1)
        elif isinstance(node.value, float):
            yield setting("value", 2 * node.value or 1.0)
