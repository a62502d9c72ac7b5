"""NumPyro: its MCMC driver with its No-U-Turn sampler, everything else as it comes."""

import warnings

import jax
from numpyro.infer import MCMC, NUTS

from bench.peers.nuts import CHAINS, DRAWS, WARMUP, Nuts


class Sampler(Nuts):
    """Chains one after another, which is what the driver does on one device."""

    def __init__(self, posterior: str):
        super().__init__(posterior)
        kernel = NUTS(potential_fn=lambda u: -self.log_density(u))
        with warnings.catch_warnings():  # of there being one device
            warnings.simplefilter("ignore")
            self.driver = MCMC(
                kernel,
                num_warmup=WARMUP,
                num_samples=DRAWS,
                num_chains=CHAINS,
                progress_bar=False,
            )

    def sample(self, seed: int):
        """[C, N, dim]."""
        self.driver.run(jax.random.PRNGKey(seed), init_params=self.starts)
        return self.driver.get_samples(group_by_chain=True)


def build(posterior: str) -> Sampler:
    """See whole.Run."""
    return Sampler(posterior)
