"""Posteriors to approximate, one file each, found by name when a config asks for them."""

from importlib import import_module


def make_target(family: str, y, settings: dict):
    """The posterior `targets/<family>.py` defines, given the data `y` and its own settings."""
    return import_module(f"flowcheck.targets.{family}").Target(y, **settings)
