"""Full-rank Gaussian: any mean, and any covariance through its Cholesky factor.

Kucukelbir, Tran, Ranganath, Gelman & Blei, "Automatic Differentiation Variational Inference", 2016
(arXiv 1603.00788), section 2.4, eq. 3.
"""

import torch
from torch import Generator, Tensor

from flowcheck.flows import base
from flowcheck.flows.base import Params


class Flow(base.Flow):
    """x = loc + L z, with L lower triangular and exp(log_scale) on its diagonal.

    Of the parameter `factor` [dim, dim] only what lies below the diagonal counts: the rest is 0 at
    the start, has no gradient, and stays 0.
    """

    def initial(self, generator: Generator, init: str) -> Params:
        """The standard normal, whatever the generator and `init`."""
        return {
            "loc": torch.zeros(self.dim),
            "log_scale": torch.zeros(self.dim),
            "factor": torch.zeros(self.dim, self.dim),
        }

    def gaussian(self, params: Params) -> tuple[Tensor, Tensor]:
        """loc [..., dim] and L [..., dim, dim]."""
        diagonal = torch.diag_embed(params["log_scale"].exp())
        return params["loc"], params["factor"].tril(-1) + diagonal

    def forward(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.forward."""
        loc, factor = self.gaussian(params)
        return loc.unsqueeze(-2) + z @ factor.mT, _log_det(params).expand(z.shape[:-1])

    def inverse(self, params: Params, x: Tensor) -> tuple[Tensor, Tensor]:
        """See base.Flow.inverse."""
        loc, factor = self.gaussian(params)
        z = torch.linalg.solve_triangular(factor, (x - loc.unsqueeze(-2)).mT, upper=False).mT
        return z, -_log_det(params).expand(x.shape[:-1])

    def forward_and_score(self, params: Params, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See base.Flow.forward_and_score: the score s solves L^T s = -z."""
        _, factor = self.gaussian(params)
        score = torch.linalg.solve_triangular(factor.detach().mT, -z.mT, upper=True).mT
        return *self.forward(params, z), score


def _log_det(params: Params) -> Tensor:
    return params["log_scale"].sum(-1, keepdim=True)
