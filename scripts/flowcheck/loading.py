"""A trained flow from its weights file, to draw from and to score: `flowcheck.load`.

The file says what it holds: the family of the flow and its sizes, the target it was trained on and
the names of its coordinates are in the safetensors metadata, written by the step that trained it.
"""

from pathlib import Path

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.flows.base import sample
from flowcheck.flows.coordinates import unpack

# What the metadata must say for a flow to be rebuilt.
NEEDED = ("family", "sizes", "dim")


class TrainedFlow:
    """One trained flow, all its replicates, in double precision. Points live on R^dim.

    name, family, sizes: the flow's, as the config has them.
    dim: of the space, the target's unconstrained one.
    replicates: how many were trained, each from a seed of its own.
    target: the name of the posterior that the flow approximates, and target_family and
    target_settings what that was made from; None where the file does not say.
    coordinates: the names of the target's constrained scalars, those of R^dim where it declared no
    parameters; None where the file does not say.
    """

    def __init__(self, weights: dict[str, Tensor], made_from: dict):
        own, placed = unpack({name: value.double() for name, value in weights.items()})
        self.name = made_from.get("flow")
        self.family, self.sizes, self.dim = (made_from[key] for key in NEEDED)
        self.target = made_from.get("target")
        self.target_family = made_from.get("target_family")
        self.target_settings = made_from.get("target_settings")
        self.coordinates = made_from.get("coordinates")
        self._flow = make_flow(self.family, self.dim, self.sizes, placed)
        self._weights = own
        self.replicates = len(next(iter(own.values())))

    def sample(self, n: int, seed: int = 0, replicate: int = 0) -> Tensor:
        """`n` independent draws [n, dim], float64. Equal seeds give equal draws.

        Raises IndexError if there is no such replicate.
        """
        return self.sample_and_log_prob(n, seed, replicate)[0]

    def sample_and_log_prob(
        self, n: int, seed: int = 0, replicate: int = 0
    ) -> tuple[Tensor, Tensor]:
        """The draws x [n, dim] of `sample` and log q(x) [n], which needs no inverse."""
        generator = torch.Generator().manual_seed(seed)
        one = {name: value.unsqueeze(0) for name, value in self._replicate(replicate).items()}
        draws, log_q = sample(self._flow, one, n, [generator])
        return draws[0], log_q[0]

    def log_prob(self, x: ArrayLike | Tensor, replicate: int = 0) -> Tensor:
        """log q(x) [...] of points x [..., dim], float64 and differentiable in x.

        Raises ValueError if the last axis is not dim long, IndexError if there is no such
        replicate, and NotImplementedError if the family has no inverse.
        """
        points = torch.as_tensor(x, dtype=torch.float64)
        if points.ndim == 0 or points.shape[-1] != self.dim:
            raise ValueError(
                f"log_prob of a flow on R^{self.dim} takes points [..., {self.dim}], not an array "
                f"of shape {list(points.shape)}"
            )
        rows = points.reshape(-1, self.dim)
        return self._flow.log_prob(self._replicate(replicate), rows).reshape(points.shape[:-1])

    def _replicate(self, number: int) -> dict[str, Tensor]:
        if not 0 <= number < self.replicates:
            raise IndexError(
                f"replicate {number} of flow {self.name!r}: there are 0 to {self.replicates - 1}"
            )
        return {name: value[number] for name, value in self._weights.items()}

    def __repr__(self) -> str:
        return (
            f"<TrainedFlow {self.name!r}: {self.family} {self.sizes} on R^{self.dim}, "
            f"{self.replicates} replicates, trained on {self.target!r}>"
        )


def load(path: str | Path) -> TrainedFlow:
    """The flow that a training wrote to `path`, a model.safetensors.

    Raises FileNotFoundError if there is no such file, and ValueError if it is not a whole
    weights file or its metadata do not say which flow it holds.
    """
    weights, made_from = files.read_weights(path), files.read_weights_metadata(path)
    if missing := [key for key in NEEDED if key not in made_from]:
        raise ValueError(
            f"{path} does not say which flow it holds: its metadata lack {', '.join(missing)}. "
            "It may hold an autoencoder, or be of an older version: train the flow again"
        )
    return TrainedFlow(weights, made_from)
