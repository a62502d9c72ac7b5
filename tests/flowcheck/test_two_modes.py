"""A trained flow that keeps one mode of two: what each estimate says of it, and who notices."""

import math

import numpy as np
import pytest
import torch

from flowcheck import base_quadrature, bound_quadrature, divergence, training
from flowcheck.flows import make_flow
from flowcheck.flows.base import sample
from flowcheck.seeds import generators_for
from flowcheck.targets.banana import Target

REPLICATES, DRAWS = 2, 10_000
SIZES = {"blocks": 3, "hidden": [16, 16], "activation": "silu"}


@pytest.fixture(scope="module")
def target():
    """Two crescents about theta2 = -2 and 2: n = 100, mean 4, standard deviation 2."""
    noise = np.random.default_rng(0).standard_normal(100)
    noise -= noise.mean()
    return Target({"y": 4 + 2 * noise / noise.std()}, sigma_y=2.0, sigma_theta=1.0)


@pytest.fixture(scope="module")
def trained(target):
    """NICE, trained long enough to settle on one of them."""
    recipe = training.Recipe(
        iterations=300, samples=100, learning_rate=1e-2, schedule="cosine", warmup=50, clip=10.0,
        weight_decay=0.0, gradient="path", ema_decay=None, init="near_identity",
    )  # fmt: skip
    flow = make_flow("nice", 2, SIZES)
    generators = generators_for(REPLICATES, 2022, "two modes")
    found = training.train(flow, target.log_density, recipe, generators, torch.device("cpu"))
    return flow, {name: value.double() for name, value in found.params.items()}


@pytest.mark.parametrize("r", range(REPLICATES))
def test_the_missed_mode_counts_and_is_noticed(target, trained, r):
    flow, stacked = trained
    log_evidence = target.exact()["log_evidence"]
    one = {name: value[r] for name, value in stacked.items()}
    x, log_q = sample(flow, {name: value[r : r + 1] for name, value in stacked.items()}, DRAWS,
                      [torch.Generator().manual_seed(r)])  # fmt: skip
    log_ratio = (target.log_density(x) - log_evidence - log_q)[0].numpy()
    # All but a few draws on one side: half of p is seen, and a fit of that half loses log 2.
    assert abs((x[..., 1] > 0).double().mean() - 0.5) > 0.49
    assert divergence.misses_mass(divergence.mean_weight(log_ratio))
    estimate = divergence.kl_divergence(log_ratio, divergence.pareto_k(log_ratio))

    def ratio(z):
        x, log_det = flow.forward(one, z)
        log_q = base_quadrature.log_base(z) - log_det
        return target.log_density(x) - log_evidence - log_q

    nodes = base_quadrature.tabulate(ratio, 2)
    found = base_quadrature.divergences(nodes)
    assert math.log(2) < found.kl.value < math.log(2) + 0.1
    assert found.kl.se < 1e-4
    assert abs(estimate.value - found.kl.value) < 4 * estimate.se
    # Out in the tails of q the other half is there, at many nats.
    assert abs(found.mass.value - 1) < 1e-4
    assert found.kl_forward.value > 5
    # More samples do not help where none of them comes.
    gap = bound_quadrature.exact_gaps(nodes, [100])[0]
    assert gap.value == pytest.approx(math.log(2), abs=0.02)
