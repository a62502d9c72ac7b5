"""What the steps that make an approximation share: its draws as arrays, by name, and its run."""

import numpy as np
import torch
from flowcheck import files


def write_approximation(output, posterior, theta, log_q, log_p, run: dict) -> None:
    """output.draws, output.named and output.run; theta [n, dim], log_q and log_p [n].

    n is 0 for an approximation that was refused: run["refused"] says why.
    """
    arrays = {"theta": theta, "log_q": log_q, "log_p": log_p}
    files.write_arrays(output.draws, **{name: value[None] for name, value in arrays.items()})
    by_name = posterior.constrain(torch.from_numpy(theta[None]))
    named = {name: value.numpy() for name, value in by_name.items()}
    files.write_draws(output.named, named, {"log_q": log_q[None], "log_p": log_p[None]})
    files.write_json(output.run, run)


def no_draws(dim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """theta, log_q and log_p of an approximation that was refused."""
    return np.empty((0, dim)), np.empty(0), np.empty(0)
