"""Which of the project's own files a step depends on: found from its imports, not listed by hand.

A rule names the digest of these files among its params, so an edited module reruns exactly the
steps that use it, directly or through other modules. A digest, and not the files themselves as
inputs, works from any working directory, under a module's prefix and with storage providers.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
# The pinned environment changes numbers as much as the code does.
LOCK = "requirements.lock"
# What a library module may read from beside it.
DATA_SUFFIXES = (".mplstyle", ".j2", ".css", ".js")


def sources(script: str, *by_name: str) -> list[str]:
    """The step `script`, every project module it imports, transitively, and the lock file.

    script: path from the repository's root. by_name: further modules ("flowcheck.flows.nice")
    that the step imports at run time by a name from the config, where no walk can see them.
    Returns paths from the repository's root. Raises FileNotFoundError if one does not exist.
    """
    return list(_sources(script, *by_name))


def fingerprint(script: str, *by_name: str, own: str | None = None) -> str:
    """One digest over the names and contents of what `sources` lists.

    own: a user's model file, anywhere; it counts together with the modules that it imports from
    beside it.
    """
    parts = [_digest(ROOT / file, file) for file in _sources(script, *by_name)]
    if own is not None:
        parts += [_digest(path, path.name) for path in sorted(own_files(own))]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]


def own_files(path: str) -> frozenset[Path]:
    """A user's model file and the modules beside it that it imports, transitively."""
    model = Path(path).resolve()
    return closure(model, model.parent)


@cache
def _sources(script: str, *by_name: str) -> tuple[str, ...]:
    """The same, found once: thousands of jobs share a step."""
    files = closure(ROOT / script, SCRIPTS)
    for module in by_name:
        path = _module_file(module, SCRIPTS)
        if path is None:
            raise FileNotFoundError(f"no file under scripts/ defines the module {module}")
        files = files | closure(path, SCRIPTS)
    files = files | {beside for path in files for beside in _beside(path)}
    return (LOCK, *sorted(str(path.relative_to(ROOT)) for path in files))


@cache
def _digest(path: Path, name: str) -> str:
    return hashlib.sha256(name.encode() + b"\0" + path.read_bytes()).hexdigest()


@cache
def closure(path: Path, folder: Path) -> frozenset[Path]:
    """The file itself and the files below `folder` that it imports, transitively."""
    seen, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(_imports(current, folder))
    return frozenset(seen)


@cache
def _imports(path: Path, folder: Path) -> frozenset[Path]:
    found = set()
    module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in _statements(module.body):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            # `from package import name` may mean a module of that package, or a name in it.
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            prefixes = (".".join(parts[: i + 1]) for i in range(len(parts)))
            found.update(file for prefix in prefixes if (file := _module_file(prefix, folder)))
    return frozenset(found)


def _statements(block: list[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a block, the nested ones included. Expressions, the bulk of a tree, hold
    no imports."""
    for node in block:
        yield node
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):
            yield from _statements(getattr(node, part, []))


def _beside(path: Path) -> tuple[Path, ...]:
    """Files next to a library module that are not modules: its style sheet, its templates."""
    return () if path.parent == SCRIPTS else _data_files(path.parent)


@cache
def _data_files(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in folder.iterdir() if path.suffix in DATA_SUFFIXES)


@cache
def _module_file(name: str, folder: Path) -> Path | None:
    """The file below `folder` of a module or package, or None if none defines it."""
    path = folder.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
