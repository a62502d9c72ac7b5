"""Posteriors to approximate: one file each, by name, or a user's own file by its path."""

from importlib import import_module
from pathlib import Path

import torch


def make_target(family: str, data: dict, settings: dict, device: str | torch.device = "cpu"):
    """The Posterior that `targets/<family>.py` defines, given its data by name and its settings.

    Its constants lie on `device`. Raises ModelError for settings that it lacks or misses.
    """
    module = import_module(f"flowcheck.targets.{family}")
    return _posterior(module.Target, data, settings, module.__file__, device)


def load_target(file: str, data: dict, settings: dict, device: str | torch.device = "cpu"):
    """The Posterior of the class Target in a user's file, given its data by name and its settings.

    Raises ModelError for whatever is wrong with the file, the class or the settings.
    """
    from flowcheck.user_file import load_class

    return _posterior(load_class(str(file)), data, settings, str(file), device)


def read_data(family: str | None, source: str | None, rng) -> dict:
    """A target's data by name, float64: by its family's own reader, or from the file `source`.

    rng: a NumPy generator, for a family that generates data. Raises DataError, naming the source.
    """
    from flowcheck.user_data import read

    module = import_module(f"flowcheck.targets.{family}") if family else None
    own = getattr(module, "read_data", None)
    return own(source, rng) if own else read(source)


def families() -> list[str]:
    """The names of the posteriors that come with flowcheck."""
    names = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(names - {"__init__", "base"})


def _posterior(target: type, data: dict, settings: dict, file: str, device):
    from flowcheck.declaration import build
    from flowcheck.targets.base import Posterior

    with torch.device(device):
        return Posterior(build(target, data, settings, file), file)
