"""How a learning rate falls over a training."""

import math


def cosine(step: int, steps: int) -> float:
    """What multiplies the learning rate at `step`: half a cosine, from 1 at 0 to 0 at `steps`."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))
