"""The documented formulas against PyTorch's own count of the operations it performs."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench import floor, problem
from bench.ours import Training
from flowcheck.flows import make_flow
from flowcheck.training import Recipe
from flowcheck.vae import VAE
from flowcheck.vae_training import Recipe as VaeRecipe
from flowcheck.vae_training import train


class Target:
    """Any density will do: no matrix product in it."""

    @staticmethod
    def log_density(x):
        return -x.square().sum(-1)


def counted(function) -> int:
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


# Halves of two coordinates at least: with one, a layer is no matrix product, and not counted.
@pytest.mark.parametrize("dim", [4, 5])
@pytest.mark.parametrize("replicates", [1, 3])
@pytest.mark.parametrize("gradient", ["total", "path"])
@pytest.mark.parametrize("flow", ["nice", "realnvp"])
def test_a_step_of_a_coupling_flow(flow, gradient, replicates, dim):
    params = problem.ours(flow, "default")
    model = make_flow(flow, dim, params["sizes"])
    recipe = Recipe(**(params["recipe"] | {"gradient": gradient, "samples": 7}))
    runner = Training(model, Target(), recipe, replicates, compiled=False)
    runner.chunk = 1
    expected = replicates * floor.flow_flop(flow, params["sizes"], dim, 7, gradient)
    assert counted(lambda: runner.run(1)) == expected


def test_an_epoch_of_the_autoencoder():
    recipe = problem.config()["vae_recipes"]["course"]
    outside = ("hidden", "latent", "binarise")
    study = {key: value for key, value in recipe.items() if key not in outside}
    study |= {"batch": 10, "epochs": 1, "redraw": True}
    images = torch.rand(30, 12)
    model = VAE(12, 8, 2)
    found = counted(lambda: train(model, images, VaeRecipe(**study), seed=0))
    assert found == floor.vae_flop(12, 8, 2, 30)


def test_the_planar_flow_by_hand():
    # One layer in one dimension, one draw: 16 forward, twice that back, and 29 for the score.
    assert floor.planar_flop(1, 1, 1, "total") == 48
    assert floor.planar_flop(1, 1, 1, "path") == 77


def test_the_measured_rate_is_one_a_processor_can_have():
    # Between a slow scalar loop and the fastest core there is.
    assert 1e8 < floor.matmul_rate(2, 64, 32, 32) < 1e13


@pytest.mark.parametrize(
    ("batch", "dtype", "raced"),
    [(1, torch.float32, True), (2, torch.float32, False), (1, torch.float64, False)],
)
def test_the_faster_library_sets_the_floor(monkeypatch, batch, dtype, raced):
    calls = []

    def at_once(x, weight, *_):
        assert (x.shape, weight.shape) == ((512, 256), (384, 256))
        calls.append(torch.get_num_threads())

    own = floor.matmul_rate(batch, 512, 256, 384, dtype)
    monkeypatch.setattr(floor.products, "onednn", lambda: at_once)
    found = floor.matmul_rate(batch, 512, 256, 384, dtype)
    if raced:
        assert set(calls) == {1}
        assert found > 10 * own  # no product of 10^8 FLOP takes so little as an empty function
    else:
        assert not calls
