"""Random seeds that come from names, never from positions.

Adding, removing or reordering a flow in the config must not change the numbers of any other, so
each stream of random numbers is seeded by what it is for.
"""

import hashlib


def seed_for(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream that `names` describe, e.g. `seed_for(1, "banana", "nice", 0)`.

    Two different name tuples share a seed with probability 2^-63: SHA-256 mixes them.
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generators_for(replicates: int, seed: int, *names: str | int, first: int = 0) -> list:
    """One torch generator per replicate, seeded by `names` and its number, from `first` on."""
    from torch import Generator  # steps that draw no tensors need not import torch

    numbers = range(first, first + replicates)
    return [Generator().manual_seed(seed_for(seed, *names, r)) for r in numbers]
