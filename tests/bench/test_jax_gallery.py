"""The posteriors in JAX are flowcheck's, and the No-U-Turn samplers draw from them."""

import importlib

import numpy as np
import pytest
import torch

from bench import nuts
from bench.process import cpu_seconds
from flowcheck.targets import make_target, read_data

pytestmark = pytest.mark.bench


def points(posterior: str) -> tuple:
    target = make_target(posterior, read_data(posterior, None, None), {})
    u = np.random.default_rng(0).normal(size=(20, target.dim))
    return target, u


@pytest.mark.parametrize("posterior", nuts.POSTERIORS)
def test_densities_and_gradients_are_flowchecks(posterior):
    import jax

    from bench.peers.jax_gallery import DIMENSIONS, make_log_density

    jax.config.update("jax_enable_x64", True)
    target, u = points(posterior)
    log_density = make_log_density(posterior)
    assert DIMENSIONS[posterior] == target.dim
    value, gradient = target.value_and_gradient(torch.from_numpy(u))
    # Sums of up to some hundred terms, of size 1e6 at the farthest: rounding is 1e-11 of it.
    found, slope = jax.vmap(jax.value_and_grad(log_density))(u)
    np.testing.assert_allclose(found, value, rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(slope, gradient, rtol=1e-8, atol=1e-8 * gradient.abs().max())


def test_what_is_compiled_inside_something_else_counts_once():
    from bench.peers.nuts import covered

    assert covered([]) == 0
    assert covered([(0.0, 3.0), (1.0, 2.0), (2.5, 4.0), (6.0, 7.0)]) == 5.0


@pytest.mark.parametrize("library", nuts.PEERS)
def test_draws_have_the_exact_moments(library):
    runner = importlib.import_module(f"bench.peers.{library}_nuts").build("eight_schools")
    began = cpu_seconds()
    runner.run()
    spent = cpu_seconds() - began
    found = runner.report()
    target, _ = points("eight_schools")
    assert runner.kept.shape == (4, 1000, target.dim)
    assert 200 < found["effective"] < 16_000
    assert 0.1 < found["compile_seconds"] < spent
    exact = target.exact_draws(20_000, np.random.default_rng(1))
    error = 4 * exact.std(0) * np.sqrt(1 / found["effective"] + 1 / len(exact))
    assert (np.abs(runner.kept.mean((0, 1)) - exact.mean(0)) < error).all()


def test_flowchecks_run_counts_what_it_compiles():
    runner = importlib.import_module("bench.our_adaptive").build("eight_schools")
    runner.run()
    found = runner.report()
    assert runner.kept.shape == (64, 1000, 10)
    assert found["effective"] > 10_000
    assert found["compile_seconds"] >= 0
