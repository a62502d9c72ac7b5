"""Normalizing flows, one file each, found by name when a config asks for them."""

from importlib import import_module

from flowcheck.flows.base import Flow


def make_flow(family: str, dim: int, settings: dict) -> Flow:
    """The flow that `flows/<family>.py` defines, in `dim` dimensions, with its own settings.

    Raises ValueError if a setting is not one of that family's.
    """
    flow = import_module(f"flowcheck.flows.{family}").Flow
    try:
        return flow(dim, **settings)
    except TypeError as error:
        raise ValueError(
            f"flow family '{family}' refuses its settings {settings}: {error}"
        ) from None
