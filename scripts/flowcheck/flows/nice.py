"""NICE: additive couplings and a diagonal rescaling; the Jacobian determinant is a constant.

Dinh, Krueger & Bengio, "NICE: Non-linear Independent Components Estimation", 2014 (arXiv
1410.8516): section 3.2 for the additive coupling, section 3.3 for the rescaling.
"""

from typing import Literal

import torch
from torch import Generator, Tensor

from flowcheck.flows.base import Params
from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.transformers import Shift
from flowcheck.settings import Count


class Flow(CouplingFlow):
    """`blocks` times: right += shift(left), left += shift(right), then both times |s|."""

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"],
    ):
        super().__init__(dim, blocks, hidden, activation, Shift())

    def initial(self, generator: Generator, init: str) -> Params:
        """Linear layers as PyTorch's; the scale s is 1, or standard normal as "published"."""
        scale = torch.randn(self.blocks, self.dim, generator=generator)
        params = {"scale": torch.ones_like(scale) if init == "near_identity" else scale}
        return params | self.initial_networks(generator, zero_last=False)

    def scale(self, params: Params) -> Tensor:
        """See CouplingFlow.scale."""
        return params["scale"].abs()
