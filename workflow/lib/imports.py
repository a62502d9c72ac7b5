"""Which of the project's own files a step depends on: found from its imports, not listed by hand.

Snakemake reruns a job when an input's content changes, so naming these files as inputs makes an
edited module rerun exactly the steps that use it, directly or through other modules.
"""

import ast
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
    Raises FileNotFoundError if one of them does not exist.
    """
    return list(_sources(script, *by_name))


@cache
def _sources(script: str, *by_name: str) -> tuple[str, ...]:
    """The same, found once: thousands of jobs share a step."""
    files = closure(SCRIPTS.parent / script)
    for module in by_name:
        path = _module_file(module)
        if path is None:
            raise FileNotFoundError(f"no file under scripts/ defines the module {module}")
        files = files | closure(path)
    files = files | {beside for path in files for beside in _beside(path)}
    return (LOCK, *sorted(str(path.relative_to(ROOT)) for path in files))


@cache
def closure(path: Path) -> frozenset[Path]:
    """The file itself and the project files it imports, transitively."""
    seen, waiting = set(), [path]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(_imports(current))
    return frozenset(seen)


@cache
def _imports(path: Path) -> frozenset[Path]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
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
            found.update(file for file in map(_module_file, prefixes) if file)
    return frozenset(found)


def _beside(path: Path) -> list[Path]:
    """Files beside a library module that are no modules: its style sheet, its templates."""
    if path.parent == SCRIPTS:
        return []
    return [other for other in path.parent.iterdir() if other.suffix in DATA_SUFFIXES]


def _module_file(name: str) -> Path | None:
    """scripts/ file of a module or package, or None if the project defines no such module."""
    path = SCRIPTS.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
