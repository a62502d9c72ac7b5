"""flowcheck's vectorised Hamiltonian Monte Carlo with fixed settings, in float64 as it is used."""

import numpy as np
import torch

from bench import problem
from bench.chains import Chains
from flowcheck import hmc, trajectories
from flowcheck.metric import identity
from flowcheck.targets import make_target

# Logistic regression of the size that is raced: 9 slopes and an intercept, 200 data.
SLOPES, DATA = 9, 200
LOGISTIC_STEP = 0.1


def logistic():
    """A logistic regression on data generated from a model of its kind."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((DATA, SLOPES))
    chance = 1 / (1 + np.exp(-x @ rng.standard_normal(SLOPES)))
    y = (rng.random(DATA) < chance).astype(float)
    return make_target("logistic", {"x": x, "y": y}, {})


class Transitions:
    """C chains as one tensor, from where the last run left them; `run` leaves its draws in `kept`.

    compiled: whether each trajectory is one compiled program. Raises RuntimeError if that fails.
    """

    def __init__(self, log_density, gradient, start, steps: int, step: float, compiled: bool):
        self.log_density, self.gradient, self.theta = log_density, gradient, start
        self.steps, self.step = steps, step
        self.generator = torch.Generator().manual_seed(0)
        self.trajectory = hmc.eager(log_density, gradient)
        if compiled:
            state = trajectories.State(start, log_density(start), gradient(start))
            both = lambda theta: (log_density(theta), gradient(theta))  # noqa: E731
            self.trajectory = trajectories.compiled(both, state, identity(start), _refuse)

    def run(self, count: int) -> None:
        """`count` transitions of every chain."""
        settings = hmc.Settings(count, 0, self.steps, self.step, 0.0, None)
        found = hmc.sample(
            self.log_density,
            self.gradient,
            self.theta,
            settings,
            self.generator,
            trajectory=self.trajectory,
        )
        self.theta, self.kept = found.theta[:, -1], found.theta.numpy()


class Ours(Chains):
    """On the banana, with its effective draws counted."""

    def __init__(self, chains: int, draws: int, gradient: str, compiled: bool):
        super().__init__(chains, draws)
        target = problem.target()
        autograd = hmc.autograd_gradient(target.log_density)
        self.transitions = Transitions(
            target.log_density,
            target.gradient if gradient == "analytic" else autograd,
            torch.from_numpy(self.start()),
            self.leapfrog_steps,
            self.step_size,
            compiled,
        )

    def run(self, count: int) -> None:
        """`count` transitions of every chain."""
        self.transitions.run(count)
        self.kept = self.transitions.kept


def on_logistic(chains: int, compiled: bool) -> Transitions:
    """As many leapfrog steps as on the banana; the gradient is autograd's."""
    target = logistic()
    settings = problem.config()["hmc"]["short"]
    start = target.starts(chains, torch.Generator().manual_seed(1))
    return Transitions(
        target.log_density,
        target.gradient,
        start,
        settings["leapfrog_steps"],
        LOGISTIC_STEP,
        compiled,
    )


def build(
    chains: int,
    compiled: bool,
    draws: int | None = None,
    gradient: str = "analytic",
    posterior: str = "banana",
):
    """See contender.Runner. Without `draws`, transitions are counted and not effective draws."""
    if posterior == "logistic":
        return on_logistic(chains, compiled)
    ours = Ours(chains, draws or 1, gradient, compiled)
    return ours if draws else ours.transitions


def _refuse(message: str) -> None:
    raise RuntimeError(message)
