"""Neural spline coupling: each coordinate is moved by a spline that networks of the others choose.

Durkan, Bekasov, Murray & Papamakarios, "Neural Spline Flows", 2019 (arXiv 1906.04032): section 3.2,
the coupling form. A spline alone maps its interval to itself, and no draw of z lies outside it: a
posterior that reaches further would be cut off there. So an affine map, from the same network,
follows each spline and takes the ends of the interval wherever they must be.
"""

from typing import Literal

from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.rational_quadratic import RationalQuadratic
from flowcheck.flows.transformers import Affine, Composed
from flowcheck.settings import Count, Positive


class Flow(CouplingFlow):
    """`blocks` times: right = spline(right) exp(s) + t, all of it from left; then left likewise.

    A spline has `bins` pieces on [-tail_bound, tail_bound] and is the identity outside.
    `scale_bound` c, unless None, makes the log scale c tanh(s / c).
    """

    def __init__(
        self,
        dim: int,
        blocks: Count,
        hidden: list[Count],
        activation: Literal["relu", "silu", "tanh"] = "silu",
        bins: Count = 8,
        tail_bound: Positive = 5.0,
        scale_bound: Positive | None = 5.0,
    ):
        transformer = Composed(RationalQuadratic(bins, tail_bound), Affine(scale_bound))
        super().__init__(dim, blocks, hidden, activation, transformer)
