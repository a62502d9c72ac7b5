"""Gaussians fitted in seconds, the first that a user tries: Laplace's, and Pathfinder's best."""

from typing import NamedTuple

import torch

from flowcheck.approximations.laplace import NoMode, laplace
from flowcheck.counting import Counted
from flowcheck.gaussian import Gaussian
from flowcheck.pathfinder import NoPath, Path, pathfinder


class Fitted(NamedTuple):
    """The Gaussian, None where there is none, and why; densities and gradients evaluated."""

    gaussian: Gaussian | None
    refused: str | None
    densities: int
    gradients: int


def fit(method: str, posterior, seed: int) -> Fitted:
    """The Gaussian of one method on R^dim.

    method: "pathfinder", the path's Gaussian of the highest evidence lower bound among eight paths;
    or "laplace", from the highest end of the same paths. posterior: has dim, init_scale,
    log_density and value_and_gradient.
    """
    counted = Counted(posterior)
    try:
        paths = pathfinder(counted, seed)
        gaussian = paths[0].gaussian if method == "pathfinder" else _laplace(counted, paths)
    except (NoMode, NoPath) as error:
        return Fitted(None, str(error), counted.densities, counted.gradients)
    return Fitted(gaussian, None, counted.densities, counted.gradients)


def _laplace(posterior, paths: list[Path]) -> Gaussian:
    ends = torch.stack([torch.from_numpy(path.end) for path in paths])
    values = posterior.value_and_gradient(ends)[0]
    values = torch.where(values.isnan(), -torch.inf, values)
    best = int(values.argmax())
    return laplace(posterior, ends[best], paths[best].gaussian.factor)
