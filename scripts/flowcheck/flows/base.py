"""What every flow shares: a bijection from standard-normal z to x, and the density it gives x.

A flow object holds sizes and no numbers: its parameters are a dictionary of tensors, passed to
each call. The code below the dictionary is one replicate's mathematics; give every parameter a
leading axis [R] and z the shape [R, S, dim], and R replicates are computed at once.
"""

from abc import ABC, abstractmethod

import torch
from torch import Generator, Tensor

from flowcheck.gaussian import standard_normal_log_prob

Params = dict[str, Tensor]
# Draws, of all replicates together, that `sample` transforms at a time: what a flow makes of them
# on the way then stays in the processor's cache, which is up to four times as fast.
ROWS = 8192


class Flow(ABC):
    """A bijection x = f(z) of R^dim with tractable Jacobian determinant.

    independent: whether the coordinates of x are independent, as in a mean-field approximation.
    """

    independent = False

    def __init__(self, dim: int):
        self.dim = dim

    @property
    def invertible(self) -> bool:
        """Whether `inverse`, and with it `log_prob` at any x, is available."""
        return type(self).inverse is not Flow.inverse

    @abstractmethod
    def initial(self, generator: Generator, init: str) -> Params:
        """One replicate's float32 parameters; `init` is "near_identity" or "published"."""

    @abstractmethod
    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """z [..., S, dim] -> x of that shape and log|det dx/dz| [..., S]."""

    def through(self, params: Params, z: Tensor) -> list[Tensor]:
        """Positions of z [..., S, dim] before the first block and after each: tensors of its shape.

        The last is the x of `forward`. Coordinates stand in the order in which they end, whatever
        is shuffled between blocks. One step here, for a flow that is not a composition.
        """
        return [z, self.forward(params, z)[0]]

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """x [..., S, dim] -> z of that shape and log|det dz/dx| [..., S].

        Raises NotImplementedError for a family that does not define it: see `invertible`.
        """
        raise NotImplementedError(f"{type(self).__module__} has no inverse")

    def log_prob(self, params: Params, x: Tensor) -> Tensor:
        """log q(x); x [..., S, dim] -> [..., S]. Raises NotImplementedError as `inverse` does."""
        z, log_det = self.inverse(params, x)
        return standard_normal_log_prob(z) + log_det

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, and the score d log q(x) / dx at x, of x's shape and held constant.

        Through the inverse here, which must then be differentiable. A flow made of simple steps
        does better by a recursion along them: a step with Jacobian J takes the score s of its
        input to J^-T (s - d log|det J| / dz) (Vaitl et al., "Fast and Unified Path Gradient
        Estimators for Normalizing Flows", 2024, arXiv 2403.15881).
        """
        x, log_det = self.forward(params, z)
        held = {name: value.detach() for name, value in params.items()}
        log_q, pull_back = torch.func.vjp(lambda x: self.log_prob(held, x), x.detach())
        return x, log_det, pull_back(torch.ones_like(log_q))[0]


def sample(
    flow: Flow, params: Params, draws: int, generators: list[Generator]
) -> tuple[Tensor, Tensor]:
    """x [R, draws, dim] and log q(x) [R, draws], each replicate from its own generator.

    At the precision of the parameters, on the processor.
    """
    dtype = next(iter(params.values())).dtype
    z = torch.stack(
        [torch.randn(draws, flow.dim, generator=generator, dtype=dtype) for generator in generators]
    )
    with torch.no_grad():
        parts = [flow.forward(params, part) for part in z.split(max(1, ROWS // len(z)), dim=1)]
    x, log_det = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
    return x, standard_normal_log_prob(z) - log_det
