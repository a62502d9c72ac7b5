"""Log densities of many points at once, in pieces that fit a small memory."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# Points per call: a model that makes some thousand numbers of each point then takes 30 MB.
CHUNK = 4096


def log_densities(log_density: Callable[[Tensor], Tensor], theta: Tensor) -> np.ndarray:
    """log_density at theta [..., dim] -> [...], no gradients kept; -inf where it is not a number.

    A density that is not a number at a point is taken to vanish there: draws of an approximation
    may lie where a model's arithmetic fails.
    """
    rows = theta.reshape(-1, theta.shape[-1])
    with torch.no_grad():
        values = torch.cat([log_density(part).double() for part in rows.split(CHUNK)])
    values = torch.where(values.isnan(), -torch.inf, values)
    return values.reshape(theta.shape[:-1]).cpu().numpy()
