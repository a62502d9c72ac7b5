"""BlackJAX: its HMC kernel, mapped over chains inside one compiled scan over draws."""

import blackjax
import jax
import jax.numpy as jnp
import numpy as np

from bench import problem
from bench.chains import Chains
from bench.peers.jax_target import log_density

jax.config.update("jax_enable_x64", True)


class Sampler(Chains):
    """C chains; a run is one compiled program."""

    def __init__(self, chains: int, draws: int):
        super().__init__(chains, draws)
        kernel = blackjax.hmc(
            log_density,
            step_size=self.step_size,
            inverse_mass_matrix=jnp.ones(problem.DIM),
            num_integration_steps=self.leapfrog_steps,
        )
        self.key = jax.random.key(0)
        self.state = jax.vmap(kernel.init)(jnp.asarray(self.start()))

        def transition(state, key):
            state, _ = jax.vmap(kernel.step)(jax.random.split(key, chains), state)
            return state, state.position

        self.scan = jax.jit(
            lambda state, key: jax.lax.scan(transition, state, jax.random.split(key, draws))
        )

    def run(self, count: int) -> None:
        """`count` transitions of every chain, those that the scan was compiled for."""
        self.key, key = jax.random.split(self.key)
        self.state, kept = self.scan(self.state, key)
        self.kept = np.moveaxis(np.asarray(kept), 0, 1)


def build(chains: int, draws: int) -> Sampler:
    """See contender.Runner."""
    return Sampler(chains, draws)
