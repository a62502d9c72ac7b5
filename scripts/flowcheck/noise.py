"""What is random in the transitions of many chains, drawn some transitions at a time.

Drawn on the CPU, whose generators give the same numbers wherever the chains are; moved to the
chains' device a chunk at a time, and not in each transition, which would wait for the copy. The
numbers are those that transitions would draw one by one, in their order.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Generator, Tensor

# Of the transitions whose noise is drawn together: at most so many, with at most so many momenta.
CHUNK, MOMENTA = 100, 1_000_000


class Noise(NamedTuple):
    """Of one transition of C chains: jitter [C, 1] in (0, 1) or None, momentum [C, dim], and the
    logarithm [C] of a uniform number."""

    jitter: Tensor | None
    momentum: Tensor
    log_uniform: Tensor


def stream(count: int, theta: Tensor, generator: Generator, jitter: bool) -> Iterator[Noise]:
    """The noise of `count` transitions of chains at theta [C, dim], of its dtype and device.

    Each chunk is drawn when its first transition is asked for.
    """
    most = max(1, min(CHUNK, MOMENTA // theta.numel()))
    for start in range(0, count, most):
        yield from _chunk(min(most, count - start), theta, generator, jitter)


def _chunk(count: int, theta: Tensor, generator: Generator, jitter: bool) -> list[Noise]:
    """The noise of the next `count` transitions."""
    shape = {"generator": generator, "dtype": theta.dtype}
    drawn = [
        (
            torch.rand(len(theta), 1, **shape) if jitter else None,
            torch.randn(theta.shape, **shape),
            torch.rand(len(theta), **shape).log(),
        )
        for _ in range(count)
    ]
    columns = [
        [None] * count if parts[0] is None else torch.stack(parts).to(theta.device)
        for parts in zip(*drawn, strict=True)
    ]
    return [Noise(*parts) for parts in zip(*columns, strict=True)]
