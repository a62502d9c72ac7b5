"""A flow in the coordinates of a Gaussian: theta = loc + factor x, where the flow ends in x.

The flow then has to learn only what the Gaussian misses. Whiteness of its base is the Gaussian's,
so that one learning rate suits posteriors of any location, scale and correlation.
"""

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params

# Names under which the coordinates lie in a file of weights, beside the flow's parameters.
LOC, FACTOR = "coordinates.loc", "coordinates.factor"
Coordinates = tuple[Tensor, Tensor]


class InCoordinates(base.Flow):
    """`flow`, then loc + factor x, with loc [dim] and factor [dim, dim], lower triangular.

    They are not parameters: training leaves them unchanged. A flow whose coordinates are
    independent keeps them so: of factor it takes each coordinate's standard deviation, the norm of
    a row.
    """

    def __init__(self, flow: base.Flow, loc: Tensor, factor: Tensor):
        super().__init__(flow.dim)
        self.flow, self.independent = flow, flow.independent
        self.loc = loc.detach().double()
        factor = factor.detach().double()
        if self.loc.shape != (flow.dim,) or factor.shape != (flow.dim, flow.dim):
            raise ValueError(
                f"coordinates of {flow.dim} dimensions have loc [{flow.dim}] and factor "
                f"[{flow.dim}, {flow.dim}], not {list(loc.shape)} and {list(factor.shape)}"
            )
        self.factor = factor.norm(dim=-1).diag() if flow.independent else factor.tril()
        self.divisor = torch.linalg.inv(self.factor)
        self.log_det = self.factor.diagonal().abs().log().sum()

    def initial(self, generator: Generator, init: str) -> Params:
        """See base.Flow.initial: the flow's own."""
        return self.flow.initial(generator, init)

    @property
    def invertible(self) -> bool:
        """See base.Flow.invertible: as the flow's."""
        return self.flow.invertible

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        x, log_det = self.flow.forward(params, z)
        return self._outward(x), log_det + self.log_det.to(x)

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """See base.Flow.through. In the Gaussian's coordinates from the first: z stands where the
        Gaussian would put it, so that what moves is what the flow adds to it."""
        return [self._outward(x) for x in self.flow.through(params, z)]

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse."""
        z, log_det = self.flow.inverse(params, (x - self.loc.to(x)) @ self.divisor.to(x).mT)
        return z, log_det - self.log_det.to(x)

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score."""
        x, log_det, score = self.flow.forward_and_score(params, z)
        return self._outward(x), log_det + self.log_det.to(x), score @ self.divisor.to(x)

    def _outward(self, x: Tensor) -> Tensor:
        return self.loc.to(x) + x @ self.factor.to(x).mT


def pack(params: Params, coordinates: Coordinates | None) -> Params:
    """What a file of weights holds: the parameters, leading axis [R], and any coordinates.

    loc and factor are repeated for each replicate, as everything in the file has that axis.
    """
    if coordinates is None:
        return params
    replicates = len(next(iter(params.values())))
    loc, factor = (value.double().cpu() for value in coordinates)
    return params | {
        LOC: loc.expand(replicates, *loc.shape),
        FACTOR: factor.expand(replicates, *factor.shape),
    }


def unpack(weights: Params) -> tuple[Params, Coordinates | None]:
    """The parameters and the coordinates, None if there are none, that `pack` was given."""
    params = {name: value for name, value in weights.items() if name not in (LOC, FACTOR)}
    if LOC not in weights:
        return params, None
    return params, (weights[LOC][0], weights[FACTOR][0])
