"""What the No-U-Turn samplers share: the posterior, the starts, and the counting."""

import time
from collections.abc import Iterable

import jax
import numpy as np

from bench.chains import effective
from bench.peers.jax_gallery import DIMENSIONS, make_log_density
from bench.process import cpu_seconds

jax.config.update("jax_enable_x64", True)

# Neither library has a number of its own for all three: those of Stan and of their examples.
CHAINS, WARMUP, DRAWS = 4, 1000, 1000
# What JAX reports of tracing, lowering and compiling begins so.
COMPILING = "/jax/core/compile/"
RADIUS = 2.0  # of the uniform starts: NumPyro's and Stan's default


class Nuts:
    """`sample(seed)` runs all chains from `starts`, and returns draws [C, N, dim]."""

    def __init__(self, posterior: str):
        self.log_density = make_log_density(posterior)
        shape = (CHAINS, DIMENSIONS[posterior])
        self.starts = jax.random.uniform(jax.random.key(1), shape, minval=-RADIUS, maxval=RADIUS)
        self.spans: list[tuple[float, float]] = []
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def run(self) -> None:
        """Warm-up and draws of all chains."""
        self.spans = []
        began, cpu = time.perf_counter(), cpu_seconds()
        self.kept = np.asarray(self.sample(0))
        # JAX reports seconds of the clock, of which the processor worked this share.
        share = (cpu_seconds() - cpu) / (time.perf_counter() - began)
        self.compile_seconds = share * covered(self.spans)

    def report(self) -> dict:
        """See whole.Run."""
        return {"effective": effective(self.kept), "compile_seconds": self.compile_seconds}

    def _note(self, event: str, seconds: float, **_details) -> None:
        """JAX has just finished what took so long."""
        if event.startswith(COMPILING):
            now = time.perf_counter()
            self.spans.append((now - seconds, now))


def covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of a union of intervals: tracing one program can trace another inside it."""
    total, reached = 0.0, -np.inf
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
