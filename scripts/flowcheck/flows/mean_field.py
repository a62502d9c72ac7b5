"""Mean-field Gaussian: independent coordinates, each with its own mean and standard deviation.

Kucukelbir, Tran, Ranganath, Gelman & Blei, "Automatic Differentiation Variational Inference", 2016
(arXiv 1603.00788), section 2.4, eq. 2.
"""

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params


class Flow(base.Flow):
    """x = loc + exp(log_scale) z, elementwise."""

    independent = True

    def initial(self, generator: Generator, init: str) -> Params:
        """The standard normal, whatever the generator and `init`."""
        return {"loc": torch.zeros(self.dim), "log_scale": torch.zeros(self.dim)}

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        loc, log_scale = _rows(params)
        return loc + log_scale.exp() * z, log_scale.sum(-1).expand(z.shape[:-1])

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse."""
        loc, log_scale = _rows(params)
        return (x - loc) * (-log_scale).exp(), -log_scale.sum(-1).expand(x.shape[:-1])

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score: the score is -z over the scale."""
        score = -z * (-params["log_scale"].detach().unsqueeze(-2)).exp()
        return *self.forward(params, z), score


def _rows(params: Params) -> tuple[Tensor, Tensor]:
    """loc and log_scale [..., 1, dim]: the 1 is the place of the draws."""
    return params["loc"].unsqueeze(-2), params["log_scale"].unsqueeze(-2)
