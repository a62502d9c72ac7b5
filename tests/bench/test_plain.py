"""The plain loops do flowcheck's own problem: with equal parameters, equal densities."""

import numpy as np
import pytest
import torch

from bench import plain_hmc, plain_loop, problem
from flowcheck.flows import make_flow
from flowcheck.gaussian import standard_normal_log_prob

# Sums of float32 over at most a few dozen terms of order one.
TOLERANCE = 1e-4


def copied(flow: str, layers) -> dict:
    """The plain modules' parameters as flowcheck names and shapes them."""
    if flow == "planar":
        return {
            "w": torch.stack([layer.w for layer in layers]),
            "u": torch.stack([layer.u for layer in layers]),
            "b": torch.cat([layer.b for layer in layers]),
        }
    params = {"scale": torch.stack([layer.s for layer in layers])} if flow == "nice" else {}
    kinds = ("shift",) if flow == "nice" else ("scale", "shift")
    for k, layer in enumerate(layers):
        for side in ("right", "left"):
            nets = [getattr(layer, f"{kind}_{side}") for kind in kinds]
            for number in range(3):
                linear = [net[2 * number] for net in nets]
                weights = torch.stack([one.weight.T for one in linear])
                biases = torch.stack([one.bias[None] for one in linear])
                params[f"{side}{k}.weight{number}"] = weights
                params[f"{side}{k}.bias{number}"] = biases
    return params


@pytest.mark.parametrize("flow", problem.FLOWS)
def test_density_is_flowchecks(flow):
    loop = plain_loop.Loop(flow)
    loop.run(3)
    model = make_flow(flow, problem.DIM, problem.ours(flow, "course")["sizes"])
    z = torch.randn(50, problem.DIM)
    with torch.no_grad():
        x, log_det = loop.push(z)
        ours, our_log_det = model.forward(copied(flow, loop.layers), z)
        elbo = loop.elbo(z)
    torch.testing.assert_close(x, ours, rtol=TOLERANCE, atol=TOLERANCE)
    torch.testing.assert_close(log_det, our_log_det, rtol=TOLERANCE, atol=TOLERANCE)
    log_q = standard_normal_log_prob(z) - our_log_det
    expected = (problem.target().log_density(ours) - log_q).mean()
    torch.testing.assert_close(elbo, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_observation_by_observation_is_the_same_posterior():
    theta = torch.randn(20, 2, dtype=torch.float64)
    y = torch.from_numpy(problem.observations())
    plain = plain_loop.log_joint(theta, y, problem.target().sigma_y)
    torch.testing.assert_close(plain, problem.target().log_density(theta), rtol=1e-12, atol=0)


def test_the_plain_chains_gradient_is_the_targets():
    chain = plain_hmc.build(chains=1, draws=2)
    theta = np.array([0.3, -1.2])
    expected = problem.target().gradient(torch.from_numpy(theta)).numpy()
    np.testing.assert_allclose(chain.gradient(theta), expected, rtol=1e-12)


def test_the_plain_chain_moves_and_keeps_its_draws():
    chain = plain_hmc.build(chains=1, draws=5)
    chain.run(5)
    assert chain.kept.shape == (1, 5, 2)
    assert len(np.unique(chain.kept[0, :, 0])) > 2
