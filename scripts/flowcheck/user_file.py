"""A class from a user's file, loaded by its path.

The file may import others from beside it. They are loaded for it alone: another target's file may
import a different module of the same name, and neither sees the project's own modules by accident.
"""

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from flowcheck.calls import double_precision
from flowcheck.model_errors import ModelError, explain, nearest


def load_class(file: str, name: str = "Target") -> type:
    """The class `name` of the Python file at the path `file`.

    Raises ModelError if there is no such file or class, or if the file cannot be run.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise ModelError(f"{file}: no such file; fix the target's `file`")
    if path.suffix != ".py":
        raise ModelError(f"{file}: a target's `file` is Python source, with the suffix .py")
    unique = "flowcheck_user_" + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    spec = importlib.util.spec_from_file_location(unique, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        with double_precision(), _folder_first(path.parent, unique):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[unique]
        raise explain(error, file, "while it is imported") from error
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == unique
        ]
        raise ModelError(f"{file}: it defines no class {name}{nearest(name, classes)}")
    return found


@contextmanager
def _folder_first(folder: Path, unique: str) -> Iterator[None]:
    """Imports look into `folder` first; what comes from there is renamed after `unique`.

    Renamed, and still known to Python by the new name: compiled code looks modules up by it.
    """
    beside = {entry.stem for entry in folder.iterdir() if _importable(entry)}
    # A package of the environment is not replaced by a file that happens to have its name.
    replaced = {
        name: module
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in beside and not _installed(module)
    }
    for name in replaced:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in beside and _lies_in(module, folder):
                del sys.modules[name]
                module.__name__ = f"{unique}.{name}"
                sys.modules[module.__name__] = module
        sys.modules.update(replaced)


def _importable(entry: Path) -> bool:
    return entry.suffix == ".py" or (entry.is_dir() and entry.name.isidentifier())


def _installed(module: ModuleType) -> bool:
    """Whether a module is Python's own or an installed package's."""
    name = getattr(module, "__name__", "").split(".")[0]
    parts = Path(getattr(module, "__file__", None) or "").parts
    return name in sys.stdlib_module_names or "site-packages" in parts or "dist-packages" in parts


def _lies_in(module: ModuleType, folder: Path) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", [])]
    return any(place and folder in Path(place).resolve().parents for place in places)
