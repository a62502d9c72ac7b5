"""Neural spline coupling: each coordinate is moved by a spline that networks of the others choose.

Durkan, Bekasov, Murray & Papamakarios, "Neural Spline Flows", 2019 (arXiv 1906.04032): section 3.2,
the coupling form.
"""

from typing import Literal

from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.rational_quadratic import RationalQuadratic
from flowcheck.settings import Count, Positive


class Flow(CouplingFlow):
    """`blocks` times: right by splines whose knots are networks of left, then left likewise.

    A spline has `bins` pieces on [-tail_bound, tail_bound] and is the identity outside: no
    coordinate can be taken out of that interval, or into it.
    """

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"] = "silu",
        bins: Count = 16,
        tail_bound: Positive = 10.0,
    ):
        transformer = RationalQuadratic(bins, tail_bound)
        super().__init__(dim, blocks, hidden, activation, transformer)
