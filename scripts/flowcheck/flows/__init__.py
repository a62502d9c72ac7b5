"""Normalizing flows, one file each, found by name when a config asks for them."""

from importlib import import_module

from torch import Tensor

from flowcheck.flows.base import Flow
from flowcheck.flows.coordinates import InCoordinates


def make_flow(
    family: str, dim: int, settings: dict, coordinates: tuple[Tensor, Tensor] | None = None
) -> Flow:
    """The flow that `flows/<family>.py` defines, in `dim` dimensions, with its own settings.

    coordinates: loc [dim] and factor [dim, dim], lower triangular: the flow is then followed by
    x -> loc + factor x. Raises ValueError if a setting is not one of that family's.
    """
    cls = import_module(f"flowcheck.flows.{family}").Flow
    try:
        flow = cls(dim, **settings)
    except TypeError as error:
        raise ValueError(
            f"flow family '{family}' refuses its settings {settings}: {error}"
        ) from None
    return flow if coordinates is None else InCoordinates(flow, *coordinates)
