"""RealNVP: affine couplings, whose scale and shift are networks of the coordinates left alone.

Dinh, Sohl-Dickstein & Bengio, "Density estimation using Real NVP", 2016 (arXiv 1605.08803):
section 3.2, eqs. 4 and 5 for the coupling, eq. 6 for its Jacobian.
"""

from typing import Literal

from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.transformers import Affine
from flowcheck.settings import Count, Positive


class Flow(CouplingFlow):
    """`blocks` times: right = right exp(s(left)) + t(left), then left likewise from right.

    `scale_bound` c, unless None, makes the log scale c tanh(s / c).
    """

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"],
        scale_bound: Positive | None,
    ):
        super().__init__(dim, blocks, hidden, activation, Affine(scale_bound))
