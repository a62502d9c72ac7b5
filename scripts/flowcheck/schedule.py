"""What trainings share: Adam's constants, and how a learning rate falls."""

import math

# Kingma & Ba, "Adam", 2014 (arXiv 1412.6980), algorithm 1: its default constants.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def cosine(step: int, steps: int) -> float:
    """What multiplies the learning rate at `step`: half a cosine, from 1 at 0 to 0 at `steps`."""
    return 0.5 * (1 + math.cos(math.pi * step / steps))
