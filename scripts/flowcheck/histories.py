"""What a training leaves of its course: a thinned ELBO, and parameters after 1, 10, 100, ... steps.

Both are spread evenly over the logarithm of the iteration, where learning is.
"""

import math

import numpy as np
from torch import Tensor

# Rows of a thinned history for each power of ten.
ROWS_PER_DECADE = 25


def thinned(elbo: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """A history worth keeping: iterations [K], about 25 a decade, and mean ELBO [K, R].

    elbo: [T, R], one estimate per iteration. Each row kept is the mean over the iterations since
    the last one kept, up to and including its own: near a perfect fit single estimates are noise.
    The last iteration is always there.
    """
    total = len(elbo)
    count = 1 + int(ROWS_PER_DECADE * max(1.0, math.log10(total)))
    kept = np.unique(np.round(np.geomspace(1, total, count)).astype(int))
    starts = np.concatenate([[0], kept[:-1]])
    sums = np.add.reduceat(elbo.double().numpy(), starts, axis=0)
    return kept, sums / (kept - starts)[:, None]


class Snapshots:
    """Copies of a training's parameters at each power of ten, and at its last iteration.

    Only the first replicate's: how it learns looks alike in all of them. taken: iterations done ->
    [P] numbers, on the processor.
    """

    def __init__(self, iterations: int, taken: dict[int, Tensor] | None = None):
        self.iterations, self.taken = iterations, dict(taken or {})

    def see(self, done: int, params: Tensor) -> None:
        """After so many iterations params are [R, P]: copied if they are to be kept."""
        if is_kept(done, self.iterations):
            self.taken[done] = params[0].detach().cpu().clone()


def is_kept(done: int, iterations: int) -> bool:
    """Whether a snapshot is taken when `done` of `iterations` are done."""
    return done == iterations or 10 ** (len(str(done)) - 1) == done > 0
