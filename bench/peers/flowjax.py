"""flowjax: its own fitting loop, and the same loss and optimiser inside one compiled scan."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import paramax
from flowjax.bijections import Affine, Chain, Loc
from flowjax.distributions import StandardNormal, Transformed
from flowjax.flows import coupling_flow, planar_flow
from flowjax.train import fit_to_key_based_loss
from flowjax.train.losses import ElboLoss

from bench import problem
from bench.peers.jax_target import log_density


def make_flow(flow: str, key) -> Transformed:
    """As plain_loop's, with the library's own initial values and its scale's own bound."""
    base = StandardNormal((problem.DIM,))
    if flow == "planar":
        return planar_flow(key, base_dist=base, flow_layers=problem.LAYERS, invert=False)
    model = coupling_flow(
        key,
        base_dist=base,
        transformer=Loc(jnp.array(0.0)) if flow == "nice" else None,
        flow_layers=2 * problem.BLOCKS,
        nn_width=problem.HIDDEN[0],
        nn_depth=len(problem.HIDDEN),
        invert=False,
    )
    if flow == "realnvp":
        return model
    scaling = Affine(jnp.zeros(problem.DIM), jnp.ones(problem.DIM))
    return Transformed(base, Chain([model.bijection, scaling]))


class Fit:
    """The library's own loop, called again and again; its progress bar is off."""

    chunk = 50

    def __init__(self, flow: str):
        self.key, first = jax.random.split(jax.random.key(0))
        self.model = make_flow(flow, first)
        self.optimiser = optax.adam(problem.LEARNING_RATE)
        self.loss = ElboLoss(log_density, num_samples=problem.SAMPLES)

    def run(self, count: int) -> None:
        """`count` iterations; Adam starts afresh each time."""
        self.key, key = jax.random.split(self.key)
        self.model, _ = fit_to_key_based_loss(
            key,
            self.model,
            loss_fn=self.loss,
            steps=count,
            optimizer=self.optimiser,
            show_progress=False,
        )

    def draws(self, count: int):
        """x [count, 2] and log q [count], for a test."""
        x, log_q = self.model.sample_and_log_prob(jax.random.key(1), (count,))
        return np.asarray(x), np.asarray(log_q)


class Scan(Fit):
    """The steps of a chunk are one compiled program, without a return to Python in between."""

    chunk = 100

    def __init__(self, flow: str):
        super().__init__(flow)
        self.params, self.static = eqx.partition(
            self.model,
            eqx.is_inexact_array,
            is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable),
        )
        self.moments = self.optimiser.init(self.params)

    def run(self, count: int) -> None:
        """`count` iterations, a multiple of `chunk`."""
        for _ in range(count // self.chunk):
            self.key, key = jax.random.split(self.key)
            self.params, self.moments = self._steps(self.params, self.moments, key)
        jax.block_until_ready(self.params)
        self.model = eqx.combine(self.params, self.static)

    @partial(eqx.filter_jit)
    def _steps(self, params, moments, key):
        def step(carry, key):
            params, moments = carry
            loss, gradient = eqx.filter_value_and_grad(self.loss)(params, self.static, key)
            change, moments = self.optimiser.update(gradient, moments, params=params)
            return (eqx.apply_updates(params, change), moments), loss

        keys = jax.random.split(key, self.chunk)
        carry, _ = jax.lax.scan(step, (params, moments), keys)
        return carry


def build(flow: str, loop: str) -> Fit:
    """See contender.Runner. loop: fit or scan."""
    return {"fit": Fit, "scan": Scan}[loop](flow)
