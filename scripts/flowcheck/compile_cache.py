"""Where compiled code is kept: a folder that nobody but the user can write to.

PyTorch would take /tmp/torchinductor_USER, whoever made it, and run what lies there.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


def prepare(report: Callable[[str], None] = print) -> Path:
    """The folder for compiled code, made if need be and named in the environment for PyTorch.

    TORCHINDUCTOR_CACHE_DIR where the user has set it, else flowcheck/compiled in the user's cache,
    of mode 0700. Where that cannot be used (not writable, another user's), `report` hears why, and
    the folder is a temporary one that ends with this process. Best called before PyTorch's compiler
    is imported, which fails where the folder cannot be made.
    """
    given = os.environ.get(VARIABLE)
    if given and Path(given).parent == Path(tempfile.gettempdir()):
        # PyTorch sets it to its own default, once it is asked for its cache.
        given = None if Path(given).name.startswith("torchinductor_") else given
    folder = Path(given) if given else own_folder()
    if why := unusable(folder, private=not given):
        report(f"{folder} {why}: compiled code is kept for this process only")
        folder = Path(tempfile.mkdtemp(prefix="flowcheck-compiled-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = str(folder)
    return folder


def own_folder() -> Path:
    """flowcheck/compiled in the user's cache: below XDG_CACHE_HOME, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored (the XDG base directory specification).
    root = Path(base) if os.path.isabs(base) else Path(os.path.expanduser("~"), ".cache")
    return root / "flowcheck" / "compiled"


def unusable(folder: Path, private: bool) -> str | None:
    """Why code cannot be kept in `folder`, in words; None if it can.

    private: made of mode 0700, and no other user's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if private:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                return "belongs to another user, or is a link"
            folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError) as error:  # the latter: no home
        return f"cannot be written to ({getattr(error, 'strerror', None) or error})"
    return None


def move_headers(folder: Path) -> None:
    """Keep compiled headers in `folder` too: PyTorch puts them below /tmp whatever it is told."""
    from torch._inductor import codecache, config

    if hasattr(codecache, "_HEADER_DIR"):
        codecache._HEADER_DIR = str(folder / "precompiled_headers")
        codecache._HEADER_LOCK_DIR = str(folder / "precompiled_headers" / "locks")
    else:  # a version that keeps them elsewhere: do without
        config.cpp_cache_precompile_headers = False
