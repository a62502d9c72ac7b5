"""Is Hamiltonian Monte Carlo right? By simulation, with a stated chance of a false alarm.

Each test looks at several p-values and fails if the smallest, times their number, is below
ALARM: with other seeds a right sampler fails once in a thousand runs of a test. For each test
there is a sampler or a model that is slightly wrong, which must fail.
"""

import numpy as np
import pytest
import torch
from scipy import stats

from flowcheck import adaptation, hmc
from tests.soundness.models import Banana, Logistic

pytestmark = pytest.mark.soundness

ALARM = 1e-3
SEED = 20

# Simulation-based calibration: Talts, Betancourt, Simpson, Vehtari & Gelman, "Validating Bayesian
# inference algorithms with simulation-based calibration", 2018 (arXiv 1804.06788), algorithm 2.
# theta from the prior, data from theta, L draws of the posterior from the data: the rank of theta
# among them is uniform on 0, ..., L. The log density is a quantity like the others, and sees what
# parameters alone do not (Modrak et al., "Simulation-based calibration checking for Bayesian
# computation: the choice of test quantities shapes sensitivity", 2023, arXiv 2211.02383).
DATA_SETS, RANKED, BINS = 2000, 63, 16
# Draws apart, so that ranks of a chain's draws are as good as those of independent ones.
THINNED = 10


def by_fixed_settings(density, init, generator):
    """Draws [C, N, dim] of the run whose trajectories have a given number of steps."""
    settings = hmc.Settings(
        draws=RANKED * THINNED,
        warmup_draws=300,
        leapfrog_steps=12,
        step_size=0.2,
        jitter=0.3,
        target_acceptance=0.9,
    )
    return hmc.sample(*density, init, settings, generator, report=lambda words: None)


def by_adaptation(density, init, generator):
    """Draws [C, N, dim] of the run that tunes step size, metric and length."""
    log_density, gradient = density
    settings = adaptation.Settings(
        chains=len(init), warmup_draws=300, draws=RANKED * THINNED, target_acceptance=0.9
    )
    return adaptation.sample(
        lambda theta: (log_density(theta), gradient(theta)),
        init,
        settings,
        generator,
        report=lambda words: None,
    )


def calibration(model, sample, seed=SEED) -> dict[str, float]:
    """A p-value for each quantity's ranks being uniform: chi squared over BINS equal bins."""
    generator = torch.Generator().manual_seed(seed)
    truth = model.parameters(DATA_SETS, generator)
    density = model.density(model.data(truth, generator))
    chains = sample(density, model.parameters(DATA_SETS, generator), generator)
    drawn = chains.theta[:, ::THINNED]
    found = {name: value[:, None] for name, value in model.quantities(truth).items()}
    among = model.quantities(drawn)
    found["log density"], among["log density"] = density[0](truth)[:, None], chains.lp[:, ::THINNED]
    p_values = {}
    for name, value in found.items():
        ranks = (among[name] < value).sum(1).numpy()
        counts = np.bincount(ranks * BINS // (RANKED + 1), minlength=BINS)
        p_values[name] = stats.chisquare(counts).pvalue
    return p_values


def alarm(p_values: dict[str, float]) -> bool:
    """Whether the smallest of them is too small, for how many there are (Bonferroni)."""
    print(p_values)
    return min(p_values.values()) * len(p_values) < ALARM


RUNS = {"banana": (Banana, by_fixed_settings), "logistic": (Logistic, by_adaptation)}


@pytest.mark.parametrize("name", RUNS)
def test_the_truth_is_anywhere_among_the_posteriors_draws(name):
    model, sample = RUNS[name]
    assert not alarm(calibration(model(), sample))


@pytest.mark.parametrize("name", RUNS)
def test_a_scale_that_is_off_by_a_fifth_is_seen(name):
    model, sample = RUNS[name]
    assert alarm(calibration(model(assumed={"banana": 1.6, "logistic": 0.8}[name]), sample))


# The joint test: Geweke, "Getting it right: joint distribution tests of posterior simulators",
# JASA 2004. A transition that keeps the posterior, then new data from the parameters, keeps the
# joint law of both. Here many chains start in that law, and after some rounds each of them, which
# is independent of the others, must still be a draw of it: parameters from the prior, exactly.
CHAINS, ROUNDS = 50_000, 20


def joint(sigma_y=2.0, assumed=None, seed=SEED) -> dict[str, float]:
    """A p-value for each statistic of parameters and data after ROUNDS of transition and data."""
    model = Banana(sigma_y, assumed)
    generator = torch.Generator().manual_seed(seed)
    theta = model.parameters(CHAINS, generator)
    settings = hmc.Settings(
        draws=1,
        warmup_draws=0,
        leapfrog_steps=5,
        step_size=0.35,
        jitter=0.2,
        target_acceptance=None,
    )
    for _ in range(ROUNDS):
        density = model.density(model.data(theta, generator))
        chains = hmc.sample(*density, theta, settings, generator)
        theta = chains.theta[:, 0]
    # The accept step must have had work to do, and not too much.
    assert 0.5 < float(chains.acceptance_rate.mean()) < 0.95
    one, two = theta.numpy().T
    mean = model.data(theta, generator).numpy()
    noise = model.sigma_y**2 / model.n
    # The mean of the data: theta1 + theta2^2 + noise has mean 1 and variance 1 + 2 + noise.
    statistics = {
        "theta1^2": (one**2, 1.0),
        "theta2^2": (two**2, 1.0),
        "theta1 theta2^2": (one * two**2, 0.0),
        "mean of y": (mean, 1.0),
        "its variance": ((mean - 1) ** 2, 3 + noise),
    }
    found = {name: _p_value(values, exact) for name, (values, exact) in statistics.items()}
    found["law of theta1"] = stats.kstest(one, "norm").pvalue
    found["law of theta2"] = stats.kstest(two, "norm").pvalue
    return found


def _p_value(values: np.ndarray, exact: float) -> float:
    """Of a mean of independent values, by the normal approximation."""
    error = values.std() / len(values) ** 0.5
    return 2 * stats.norm.sf(abs(values.mean() - exact) / error)


def test_transitions_and_new_data_keep_the_joint_law():
    assert not alarm(joint())


def test_a_density_that_is_slightly_wrong_does_not():
    assert alarm(joint(assumed=1.9))


def test_a_sampler_that_rejects_too_seldom_does_not(monkeypatch):
    eager = hmc.eager

    def lenient(log_density, gradient):
        def trajectory(state, momentum, step, steps, metric):
            end, last = eager(log_density, gradient)(state, momentum, step, steps, metric)
            # Half of the energy that a trajectory gained or lost is kept from the accept step.
            gain = 0.5 * (last.square().sum(-1) - momentum.square().sum(-1))
            error = gain - (end.lp - state.lp)
            return end._replace(lp=end.lp + 0.5 * error), last

        return trajectory

    monkeypatch.setattr(hmc, "eager", lenient)
    assert alarm(joint())
