"""What a training leaves of its course: a thinned ELBO, and parameters at a few iterations.

Both are spread evenly over the logarithm of the iteration, where learning is.
"""

import math

import numpy as np
from torch import Tensor

# Rows of a thinned history for each power of ten, and snapshots of parameters.
ROWS_PER_DECADE = 25
SNAPSHOTS_PER_DECADE = 5


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
    """Copies of a training's parameters: `snapshot_iterations` says when.

    Only the first replicate's: how it learns looks alike in all of them. taken: iterations done ->
    [P] numbers, on the processor.
    """

    def __init__(self, iterations: int, taken: dict[int, Tensor] | None = None):
        self.wanted, self.taken = snapshot_iterations(iterations), dict(taken or {})

    def see(self, done: int, params: Tensor) -> None:
        """After so many iterations params are [R, P]: copied if they are to be kept."""
        if done in self.wanted:
            self.taken[done] = params[0].detach().cpu().clone()


def snapshot_iterations(iterations: int) -> set[int]:
    """Before the first step, five times in each power of ten, and at the end: {0, 1, 2, 3, 4, ...}.

    Each power of ten is among them.
    """
    exponents = range(math.floor(SNAPSHOTS_PER_DECADE * math.log10(iterations)) + 1)
    spread = {round(10 ** (exponent / SNAPSHOTS_PER_DECADE)) for exponent in exponents}
    return {0, iterations} | {done for done in spread if done <= iterations}


def snapshots_of(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """The parameters of each snapshot, by iteration or epoch, rising, from tensors "100/name"."""
    found = {}
    for key, value in tensors.items():
        done, name = key.split("/", 1)
        found.setdefault(int(done), {})[name] = value
    return dict(sorted(found.items()))


def powers_of_ten(snapshots: dict[int, dict]) -> dict[int, dict]:
    """Those of the iterations 1, 10, 100, ... and the last: enough to see a flow learn."""
    last = max(snapshots)
    return {
        done: params
        for done, params in snapshots.items()
        if done == last or 10 ** (len(str(done)) - 1) == done
    }
