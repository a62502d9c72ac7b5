"""What the No-U-Turn samplers share: the posterior, the starts, and the counting."""

import jax
import numpy as np

from bench.chains import effective
from bench.peers.jax_gallery import DIMENSIONS, make_log_density
from bench.process import cpu_seconds

jax.config.update("jax_enable_x64", True)

# Neither library has a number of its own for all three: those of Stan and of their examples.
CHAINS, WARMUP, DRAWS = 4, 1000, 1000
RADIUS = 2.0  # of the uniform starts: NumPyro's and Stan's default


class Nuts:
    """`sample(key)` runs all chains from `starts`, and returns draws [C, N, dim].

    A second call does what the first did with the first's programs: compiling is the difference.
    """

    def __init__(self, posterior: str):
        self.log_density = make_log_density(posterior)
        shape = (CHAINS, DIMENSIONS[posterior])
        self.starts = jax.random.uniform(jax.random.key(1), shape, minval=-RADIUS, maxval=RADIUS)

    def run(self) -> None:
        """Warm-up and draws of all chains."""
        began = cpu_seconds()
        self.kept = np.asarray(self.sample(0))
        self.first = cpu_seconds() - began

    def report(self) -> dict:
        """See whole.Run."""
        began = cpu_seconds()
        np.asarray(self.sample(0))
        again = cpu_seconds() - began
        return {
            "effective": effective(self.kept),
            "compile_seconds": max(self.first - again, 0.0),
        }
