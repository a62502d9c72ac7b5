"""How a flow works, made visible: draws and a grid's lines after each block, and as it learns.

The grid is one of the base variable z. Where its squares become narrow or wide the flow compresses
or expands; where its lines bend it does what no Gaussian can.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from flowcheck.flows.base import Flow, Params
from flowcheck.flows.coordinates import InCoordinates
from flowcheck.named_draws import worst_parameters
from flowcheck.supports import scalars

# The grid's lines lie half a standard deviation apart, out to three.
REACH, SPACING = 3.0, 0.5
# Points of a line: enough that a bend looks round.
POINTS = 49


def grid(dim: int, plane: tuple[int, ...]) -> Tensor:
    """Lines of a square grid in a plane of z through the origin: [lines, POINTS, dim], float64.

    plane: the two coordinates that vary, the first half of the lines along the first; with one
    coordinate there is one line, along it.
    """
    along = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
    steps = round(2 * REACH / SPACING) + 1
    at = torch.linspace(-REACH, REACH, steps, dtype=torch.float64) if len(plane) > 1 else [0.0]
    lines = torch.zeros(len(plane) * len(at), POINTS, dim, dtype=torch.float64)
    for number, moving in enumerate(plane):
        own = lines[number * len(at) : (number + 1) * len(at)]
        own[..., moving] = along
        if len(plane) > 1:
            own[..., plane[1 - number]] = at.unsqueeze(-1)
    return lines


@torch.no_grad()
def plane_of_base(flow: Flow, one: Params, plane: tuple[int, ...]) -> tuple[int, ...]:
    """The coordinates of z that end, by the flow's shuffles alone, in those of `plane`."""
    bare = flow.flow if isinstance(flow, InCoordinates) else flow
    numbers = torch.arange(flow.dim, dtype=torch.float64).unsqueeze(0)
    order = bare.through(one, numbers)[0][0].long().tolist()
    return tuple(order[place] for place in plane)


@torch.no_grad()
def frames_of_layers(flow: Flow, one: Params, z: Tensor) -> np.ndarray:
    """z [..., dim] before the first block and after each: [K + 1, ..., dim] float32.

    one: the parameters of one replicate.
    """
    points = z.reshape(-1, z.shape[-1])
    places = torch.stack(flow.through(one, points))
    return places.reshape(len(places), *z.shape).float().numpy()


@torch.no_grad()
def frames_of_learning(flow: Flow, snapshots: dict[int, Params], z: Tensor) -> np.ndarray:
    """What the flow made of z [..., dim] when each snapshot was taken: [S, ..., dim] float32."""
    points = z.reshape(-1, z.shape[-1])
    found = [flow.forward(snapshots[done], points)[0] for done in sorted(snapshots)]
    return torch.stack(found).reshape(len(found), *z.shape).float().numpy()


def coordinate_of(posterior) -> dict[str, int]:
    """Of each constrained scalar, by name, the coordinate of R^dim that stands for it.

    A simplex and its like have fewer coordinates than entries: the last entries share one. Empty
    where the posterior's own `constrain` hides which belongs to which.
    """
    if posterior.parameters is None:
        names = posterior.coordinates
        return {name: i for i, name in enumerate(names)} if len(names) == posterior.dim else {}
    found, start = {}, 0
    for one in posterior.parameters:
        indices = np.ndindex(*one.shape)
        for flat, (name, index) in enumerate(
            zip(scalars(one.name, one.shape), indices, strict=True)
        ):
            found[name] = start + _inner_place(flat, index, one.inner)
        start += one.size
    return found


def _inner_place(flat: int, index: tuple, inner: tuple) -> int:
    if len(index) != len(inner):
        return min(flat, int(np.prod(inner)) - 1)
    if not inner:
        return 0
    return int(np.ravel_multi_index(np.minimum(index, np.array(inner) - 1), inner))


def worst_plane(moments: pd.DataFrame, places: dict[str, int], dim: int) -> tuple[int, ...]:
    """The two coordinates of R^dim whose parameters are approximated worst, rising.

    moments: a target's moments.csv; places: as `coordinate_of` says. All there are where dim is at
    most two; the first two where nothing is known.
    """
    if dim > 2 and places:
        for count in range(2, len(places) + 1):
            worst = {places[name] for name in worst_parameters(moments, count) if name in places}
            if len(worst) >= 2:
                return tuple(sorted(worst)[:2])
    return tuple(range(min(dim, 2)))


def coordinate_names(posterior) -> list[str]:
    """What the coordinates of R^dim are called on a figure's axes."""
    named = {}
    for name, place in coordinate_of(posterior).items():
        named.setdefault(place, name)
    real = {one.name for one in posterior.parameters or () if one.is_real}
    names = []
    for place in range(posterior.dim):
        name = named.get(place, f"u[{place}]")
        transformed = posterior.parameters is not None and name.split("[")[0] not in real
        names.append(f"{name}, unconstrained" if transformed else name)
    return names
