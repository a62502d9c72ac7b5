"""A full-rank Gaussian fitted to a posterior by the path gradient, from a Pathfinder's start.

It gives flows their coordinates and stands as an approximation of its own. It sees the density
and never a sampler's draws: a flow that started from those would start from the truth.
"""

import torch
from torch import Generator, Tensor

from flowcheck.gaussian import Gaussian
from flowcheck.pathfinder import Path, pathfinder
from flowcheck.schedule import BETA1, BETA2, EPSILON, cosine
from flowcheck.seeds import seed_for

STEPS, DRAWS, LEARNING_RATE = 2000, 64, 0.02


def fit_gaussian(posterior, seed: int) -> tuple[Gaussian, list[Path]]:
    """The Gaussian that `refine` makes of the best of eight paths, and the paths, best first.

    posterior: has dim, init_scale, log_density and value_and_gradient. Raises NoPath as
    `pathfinder` does.
    """
    paths = pathfinder(posterior, seed_for(seed, "pathfinder"))
    generator = Generator().manual_seed(seed_for(seed, "refine"))
    return refine(posterior, [paths[0].gaussian], generator)[0], paths


def refine(
    posterior, starts: list[Gaussian], generator: Generator, steps: int = STEPS
) -> list[Gaussian]:
    """Each start moved to lessen KL(q|p), side by side; the same noise serves them all.

    The path gradient (Roeder, Wu & Duvenaud, "Sticking the Landing", 2017, arXiv 1703.09194) of
    64 draws, Adam at 0.02 with a cosine to zero. A gradient that is not finite counts as zero.

    Each step is taken in the coordinates of the Gaussian that it starts from: loc moves by
    factor d and the factor becomes factor D, with the gradient taken at d = 0 and D = I. So a
    step is relative to the present spread in every direction, and neither the units of the
    parameters nor their correlations matter: in fixed coordinates, 2,000 steps leave a
    50-dimensional Gaussian of condition number 10^6 four nats from its target, and in these, none.
    """
    loc = torch.stack([start.loc for start in starts])
    factor = torch.stack([start.factor for start in starts])
    shift, stretch = _Adam(loc), _Adam(factor)
    for step in range(steps):
        z = torch.randn(DRAWS, loc.shape[-1], generator=generator, dtype=torch.float64)
        gradients = _path_gradient(posterior, loc, factor, z)
        finite = torch.stack([g.flatten(1).isfinite().all(-1) for g in gradients]).all(0)
        in_shift, in_stretch = (
            torch.where(finite.reshape(-1, *[1] * (g.ndim - 1)), g, 0.0) for g in gradients
        )
        rate = LEARNING_RATE * cosine(step, steps)
        loc = loc + (factor @ shift.change(in_shift, rate).unsqueeze(-1)).squeeze(-1)
        change = stretch.change(in_stretch, rate)
        diagonal = change.diagonal(dim1=-2, dim2=-1).exp()
        factor = factor @ (change.tril(-1) + torch.diag_embed(diagonal))
    return [Gaussian(*pair) for pair in zip(loc, factor, strict=True)]


def _path_gradient(posterior, loc: Tensor, factor: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of KL(q|p), noise included, in d [P, dim] and in the lower triangle of D.

    With theta = loc + factor z, the score of q in z's coordinates is -z and that of p is
    factor' d log p / d theta: their difference, draw by draw, vanishes where q = p.
    """
    _, gradient = posterior.value_and_gradient(loc.unsqueeze(1) + z @ factor.mT)
    difference = -z - gradient @ factor
    return difference.mean(1), (difference.mT @ z / len(z)).tril()


class _Adam:
    """Adam's moments (Kingma & Ba, 2014, arXiv 1412.6980, algorithm 1) for unknowns that each
    step puts back to where they were: torch's optimiser would own them instead.
    """

    def __init__(self, like: Tensor):
        self.first, self.second, self.steps = torch.zeros_like(like), torch.zeros_like(like), 0

    def change(self, gradient: Tensor, rate: float) -> Tensor:
        """What this step adds to the unknowns."""
        self.steps += 1
        self.first.lerp_(gradient, 1 - BETA1)
        self.second.lerp_(gradient.square(), 1 - BETA2)
        root = (self.second / (1 - BETA2**self.steps)).sqrt() + EPSILON
        return -rate / (1 - BETA1**self.steps) * self.first / root
