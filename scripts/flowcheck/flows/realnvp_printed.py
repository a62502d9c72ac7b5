"""RealNVP as the problem set's solution prints it: the shift of each coupling is exponentiated.

Its equations 28 and 29 read theta_2 exp(m_1(theta_1)) + exp(m_2(theta_1)), where RealNVP (Dinh,
Sohl-Dickstein & Bengio 2016, arXiv 1605.08803, eq. 5) and the solution's own code add m_2 itself.
A coupling as printed can only shift upwards. It is a flow all the same, so what that costs can be
measured.
"""

import math
from typing import Literal

from torch import Tensor

from flowcheck.flows.base import Params
from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.transformers import Affine
from flowcheck.settings import Count


class PositiveShift(Affine):
    """y = x exp(s) + exp(t), without a bound on s."""

    def __init__(self):
        super().__init__(bound=None)

    def parameters(self, raw: Tensor) -> tuple[Tensor, ...]:
        """See Transformer.parameters: log scale and shift. Zero outputs shift by 1."""
        log_scale, shift = super().parameters(raw)
        return log_scale, shift.exp()


class Flow(CouplingFlow):
    """As `realnvp.Flow` without a bound on the scale, each shift t replaced by exp(t).

    Both inits are those of `realnvp.Flow`; with "near_identity" each shift starts at exp(0) = 1.
    """

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"],
    ):
        super().__init__(dim, blocks, hidden, activation, PositiveShift())

    def log_prob(self, params: Params, x: Tensor) -> Tensor:
        """See base.Flow.log_prob. Where the exponentials overflow, z is infinite and q(x) is 0."""
        log_q = super().log_prob(params, x)
        return log_q.nan_to_num(nan=-math.inf, posinf=math.inf, neginf=-math.inf)
