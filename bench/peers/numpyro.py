"""NumPyro: its HMC kernel with adaptation switched off, over all chains, in one compiled scan.

Its own driver, `MCMC.run`, traces and compiles again each time it is called, which would be most of
what a repetition measures; a scan of the same kernel is the faster way to use it.
"""

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import HMC

from bench.chains import Chains
from bench.peers.jax_target import log_density

jax.config.update("jax_enable_x64", True)


class Sampler(Chains):
    """C chains; a run is one compiled program."""

    def __init__(self, chains: int, draws: int):
        super().__init__(chains, draws)
        kernel = HMC(
            potential_fn=lambda theta: -log_density(theta),
            step_size=self.step_size,
            num_steps=self.leapfrog_steps,
            trajectory_length=None,
            adapt_step_size=False,
            adapt_mass_matrix=False,
        )
        keys = jax.random.split(jax.random.PRNGKey(0), chains)
        self.state = kernel.init(keys, 0, init_params=jnp.asarray(self.start()))

        def transition(state, _):
            state = kernel.sample(state, (), {})
            return state, state.z

        self.scan = jax.jit(lambda state: jax.lax.scan(transition, state, length=draws))
        # A state that has been through it has other types than the first: compiled once more.
        self.state, _ = self.scan(self.state)

    def run(self, count: int) -> None:
        """`count` transitions of every chain, those that the scan was compiled for."""
        self.state, kept = self.scan(self.state)
        self.kept = np.moveaxis(np.asarray(kept), 0, 1)


def build(chains: int, draws: int) -> Sampler:
    """See contender.Runner."""
    return Sampler(chains, draws)
