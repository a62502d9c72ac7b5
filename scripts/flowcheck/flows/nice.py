"""NICE: additive couplings and a diagonal rescaling; the Jacobian determinant is a constant.

Dinh, Krueger & Bengio, "NICE: Non-linear Independent Components Estimation", 2014 (arXiv
1410.8516): section 3.2 for the additive coupling, section 3.3 for the rescaling.
"""

from functools import partial

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.flows.mlp import initial_mlp, mlp
from flowcheck.settings import Activation, Count


class Flow(base.Flow):
    """`blocks` times: right += shift(left), left += shift(right), then each coordinate times |s|.

    left is the first dim // 2 coordinates, right the others; the shifts are perceptrons with
    hidden layers of the sizes in `hidden`. Raises ValueError below two dimensions.
    """

    def __init__(self, dim: int, blocks: Count, hidden: list[Count], activation: Activation):
        if dim < 2:
            raise ValueError("a coupling needs at least two dimensions: use the planar flow")
        super().__init__(dim)
        self.blocks, self.hidden, self.activation = blocks, list(hidden), activation
        self.split = (dim // 2, dim - dim // 2)

    def initial(self, generator: Generator, init: str) -> Params:
        """Linear layers as PyTorch's; the scale s is 1, or standard normal as "published"."""
        left, right = self.split
        scale = torch.randn(self.blocks, self.dim, generator=generator)
        params = {"scale": torch.ones_like(scale) if init == "near_identity" else scale}
        for k in range(self.blocks):
            for name, n_in, n_out in (("right", left, right), ("left", right, left)):
                sizes = [n_in, *self.hidden, n_out]
                params |= initial_mlp(f"{name}{k}", 1, sizes, generator, zero_last=False)
        return params

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward. The log determinant is the same for every z."""
        left, right = z.split(self.split, dim=-1)
        for k in range(self.blocks):
            scale_left, scale_right = self._scale(params, k)
            right = right + self._shift(params, f"right{k}", left)
            left = left + self._shift(params, f"left{k}", right)
            left, right = left * scale_left, right * scale_right
        return torch.cat([left, right], -1), self._log_det(params).expand(z.shape[:-1])

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse: the steps of `forward` undone in reverse."""
        left, right = x.split(self.split, dim=-1)
        for k in reversed(range(self.blocks)):
            scale_left, scale_right = self._scale(params, k)
            left, right = left / scale_left, right / scale_right
            left = left - self._shift(params, f"left{k}", right)
            right = right - self._shift(params, f"right{k}", left)
        return torch.cat([left, right], -1), -self._log_det(params).expand(x.shape[:-1])

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score.

        What the score of the half that moves makes of a change in its shift is pulled back to the
        half that does not.
        """
        halves = list(z.split(self.split, dim=-1))
        scores = [-half for half in halves]
        for k in range(self.blocks):
            for name, still, moved in ((f"right{k}", 0, 1), (f"left{k}", 1, 0)):
                network = partial(self._shift, params, name)
                shift, pull_back = torch.func.vjp(network, halves[still])
                scores[still] = (scores[still] - pull_back(scores[moved])[0]).detach()
                halves[moved] = halves[moved] + shift
            scales = self._scale(params, k)
            halves = [half * scale for half, scale in zip(halves, scales, strict=True)]
            scores = [score / scale.detach() for score, scale in zip(scores, scales, strict=True)]
        log_det = self._log_det(params).expand(z.shape[:-1])
        return torch.cat(halves, -1), log_det, torch.cat(scores, -1)

    def _shift(self, params: Params, name: str, x: Tensor) -> Tensor:
        return mlp(params, name, len(self.hidden) + 1, x, self.activation).squeeze(-3)

    def _scale(self, params: Params, block: int) -> tuple[Tensor, Tensor]:
        return params["scale"][..., block, None, :].abs().split(self.split, dim=-1)

    def _log_det(self, params: Params) -> Tensor:
        return params["scale"].abs().log().sum((-1, -2)).unsqueeze(-1)
