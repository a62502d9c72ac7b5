"""RealNVP as the problem set's solution prints it: the shift of each coupling is exponentiated.

Its equations 28 and 29 read theta_2 exp(m_1(theta_1)) + exp(m_2(theta_1)), where RealNVP (Dinh,
Sohl-Dickstein & Bengio 2016, arXiv 1605.08803, eq. 5) and the solution's own code add m_2 itself.
A coupling as printed can only shift upwards. It is a flow all the same, so what that costs can be
measured.
"""

import math

from torch import Tensor

from flowcheck.flows import realnvp
from flowcheck.flows.base import Params


class Flow(realnvp.Flow):
    """As `realnvp.Flow` without a bound on the scale, the shift t(left) replaced by exp(t(left)).

    Both inits are those of `realnvp.Flow`; with "near_identity" each shift starts at exp(0) = 1.
    """

    def __init__(self, dim: int, blocks: int, hidden: list[int], activation: str):
        super().__init__(dim, blocks, hidden, activation, scale_bound=None)

    def log_prob(self, params: Params, x: Tensor) -> Tensor:
        """See base.Flow.log_prob. Where the exponentials overflow, z is infinite and q(x) is 0."""
        log_q = super().log_prob(params, x)
        return log_q.nan_to_num(nan=-math.inf, posinf=math.inf, neginf=-math.inf)

    def _networks(self, params: Params, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
        log_scale, shift = super()._networks(params, name, x)
        return log_scale, shift.exp()
