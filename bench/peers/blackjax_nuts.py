"""BlackJAX: its window adaptation, then its No-U-Turn sampler, everything else as it comes."""

import blackjax
import jax

from bench.peers.nuts import DRAWS, WARMUP, Nuts


class Sampler(Nuts):
    """All in one compiled program, chains one after another: side by side, each would wait for the
    one with the deepest tree."""

    def __init__(self, posterior: str):
        super().__init__(posterior)
        self.program = jax.jit(lambda keys, starts: jax.lax.map(self._chain, (keys, starts)))

    def _chain(self, key_and_start):
        """One chain's draws [N, dim]."""
        key, start = key_and_start
        warmup, draws = jax.random.split(key)
        adaptation = blackjax.window_adaptation(blackjax.nuts, self.log_density)
        (state, parameters), _ = adaptation.run(warmup, start, num_steps=WARMUP)
        kernel = blackjax.nuts(self.log_density, **parameters)

        def transition(state, key):
            state, _ = kernel.step(key, state)
            return state, state.position

        return jax.lax.scan(transition, state, jax.random.split(draws, DRAWS))[1]

    def sample(self, seed: int):
        """[C, N, dim]."""
        return self.program(jax.random.split(jax.random.key(seed), len(self.starts)), self.starts)


def build(posterior: str) -> Sampler:
    """See whole.Run."""
    return Sampler(posterior)
