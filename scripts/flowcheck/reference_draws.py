"""A user's own draws from a posterior, made into chains that the verdict can judge.

They come by name, from Stan, posteriordb, PyMC or any other sampler; see docs/own-posterior.md.
"""

import numpy as np
import torch

from flowcheck.model_errors import ModelError


def chains_of(
    posterior, named: dict[str, np.ndarray], source: str
) -> tuple[np.ndarray, np.ndarray]:
    """Unconstrained draws theta [C, N, dim] and their log density lp [C, N].

    named: {name: [chain, draw, ...]} or, for one chain, {name: [draw, ...]}; arrays that are no
    parameter are left out. source: the file's name, for messages. Raises ModelError for missing
    or misshapen arrays, and for values that are outside a support, or where the density is zero.
    """
    missing = [name for name in posterior.names if name not in named]
    if missing:
        raise ModelError(
            f"{source}: no draws of {', '.join(missing)}; it holds {', '.join(sorted(named))}"
        )
    arrays = {}
    for name, shape in posterior.shapes.items():
        values = np.asarray(named[name], dtype=np.float64)
        if values.ndim == len(shape) + 1:
            values = values[None]
        if values.ndim != len(shape) + 2 or values.shape[2:] != shape:
            raise ModelError(
                f"{source}: '{name}' has shape {np.shape(named[name])} and should have "
                f"(chain, draw{''.join(f', {n}' for n in shape)})"
            )
        if not np.isfinite(values).all():
            raise ModelError(f"{source}: '{name}' has draws that are not finite")
        arrays[name] = values
    lengths = {name: values.shape[:2] for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ModelError(f"{source}: chains and draws differ between parameters: {lengths}")
    try:
        theta = posterior.unconstrain(arrays)
    except ModelError as error:
        raise ModelError(f"{source}: {error}") from None
    with torch.no_grad():
        lp = posterior.log_density(theta)
    bad = int((~lp.isfinite()).sum())
    if bad:
        raise ModelError(f"{source}: the log density is not finite at {bad} of its draws")
    return theta.numpy(), lp.numpy()
