"""RealNVP: affine couplings, whose scale and shift are networks of the coordinates left alone.

Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", 2016 (arXiv 1605.08803):
section 3.2, eqs. 4 and 5 for the coupling, eq. 6 for its Jacobian.
"""

from functools import partial

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params
from flowcheck.flows.mlp import initial_mlp, mlp
from flowcheck.settings import Activation, Count, Positive


class Flow(base.Flow):
    """`blocks` times: right = right exp(s(left)) + t(left), then left likewise from right.

    left is the first dim // 2 coordinates, right the others; s and t are separate perceptrons
    with hidden layers of the sizes in `hidden`. `scale_bound` c, unless None, makes the log scale
    c tanh(s / c), so that no network output can overflow. Raises ValueError below two dimensions.
    """

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Activation,
        scale_bound: Positive | None,
    ):
        if dim < 2:
            raise ValueError("a coupling needs at least two dimensions: use the planar flow")
        super().__init__(dim)
        self.blocks, self.hidden, self.activation = blocks, list(hidden), activation
        self.scale_bound = scale_bound
        self.split = (dim // 2, dim - dim // 2)

    def initial(self, generator: Generator, init: str) -> Params:
        """Linear layers as PyTorch's; "near_identity" zeroes the last, so that f starts as z."""
        left, right = self.split
        params = {}
        for k in range(self.blocks):
            for name, n_in, n_out in (("right", left, right), ("left", right, left)):
                sizes = [n_in, *self.hidden, n_out]
                zero_last = init == "near_identity"
                params |= initial_mlp(f"{name}{k}", 2, sizes, generator, zero_last)
        return params

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        left, right = z.split(self.split, dim=-1)
        log_det = z.new_zeros(z.shape[:-1])
        for k in range(self.blocks):
            log_scale, shift = self._networks(params, f"right{k}", left)
            right = right * log_scale.exp() + shift
            log_det = log_det + log_scale.sum(-1)
            log_scale, shift = self._networks(params, f"left{k}", right)
            left = left * log_scale.exp() + shift
            log_det = log_det + log_scale.sum(-1)
        return torch.cat([left, right], -1), log_det

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse: the steps of `forward` undone in reverse."""
        left, right = x.split(self.split, dim=-1)
        log_det = x.new_zeros(x.shape[:-1])
        for k in reversed(range(self.blocks)):
            log_scale, shift = self._networks(params, f"left{k}", right)
            left = (left - shift) * (-log_scale).exp()
            log_det = log_det - log_scale.sum(-1)
            log_scale, shift = self._networks(params, f"right{k}", left)
            right = (right - shift) * (-log_scale).exp()
            log_det = log_det - log_scale.sum(-1)
        return torch.cat([left, right], -1), log_det

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score.

        J is triangular: the score of the half that moves is divided by its scale, and what it then
        makes of a change in scale and shift is pulled back to the half that does not.
        """
        halves = list(z.split(self.split, dim=-1))
        scores = [-half for half in halves]
        log_det = z.new_zeros(z.shape[:-1])
        for k in range(self.blocks):
            for name, still, moved in ((f"right{k}", 0, 1), (f"left{k}", 1, 0)):
                networks = partial(self._networks, params, name)
                (log_scale, shift), pull_back = torch.func.vjp(networks, halves[still])
                scaled = halves[moved] * log_scale.exp()
                scores[moved] = (scores[moved] * (-log_scale).exp()).detach()
                (pulled,) = pull_back((1 + scaled * scores[moved], scores[moved]))
                scores[still] = (scores[still] - pulled).detach()
                halves[moved] = scaled + shift
                log_det = log_det + log_scale.sum(-1)
        return torch.cat(halves, -1), log_det, torch.cat(scores, -1)

    def _networks(self, params: Params, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        """Log scale and shift for one half of one block, from the other half x."""
        networks = mlp(params, name, len(self.hidden) + 1, x, self.activation)
        log_scale, shift = networks.unbind(-3)
        if self.scale_bound is not None:
            log_scale = self.scale_bound * torch.tanh(log_scale / self.scale_bound)
        return log_scale, shift
