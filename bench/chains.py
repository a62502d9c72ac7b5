"""What every sampler shares: the settings, the start, and how many draws its draws are worth."""

import numpy as np
from arviz_stats.base import array_stats

from bench import problem


class Chains:
    """The problem set's own Hamiltonian Monte Carlo settings, for C chains.

    A repetition goes on from where the last one ended; the first, off the record, burns in.
    `run(count)` leaves its draws in `kept`, [C, count, 2].
    """

    def __init__(self, chains: int, draws: int):
        settings = problem.config()["hmc"]["short"]
        self.leapfrog_steps, self.step_size = settings["leapfrog_steps"], settings["step_size"]
        self.chains, self.chunk = chains, draws

    def start(self) -> np.ndarray:
        """[C, 2] draws of the prior."""
        return np.random.default_rng(1).standard_normal((self.chains, problem.DIM))

    def report(self) -> dict:
        """The factor from draws to effective draws, in the repetition that was just run."""
        return {"factor": effective(np.asarray(self.kept)) / self.kept[..., 0].size}


def effective(draws: np.ndarray) -> float:
    """Bulk effective sample size of [C, N, dim], the smallest over theta and theta squared."""
    columns = np.moveaxis(np.concatenate([draws, draws**2], axis=-1), -1, 0)
    return min(
        float(array_stats.ess(column, chain_axis=0, draw_axis=1, method="bulk"))
        for column in columns
    )
