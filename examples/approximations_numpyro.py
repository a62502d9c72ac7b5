"""Fit three NumPyro guides to eight schools and write files that flowcheck reads. Tested with
NumPyro 0.22.0 and JAX 0.10.2.

python approximations_numpyro.py [folder] writes diagonal.npz, full_rank.npz and iaf.npz, each with
10,000 draws by name, log_q and log_p on R^d, hence `space: unconstrained` in the config.
"""

import json
import sys
from pathlib import Path

import jax
import numpy as np
from eight_schools_numpyro import model
from numpyro.infer import SVI, Trace_ELBO
from numpyro.infer.autoguide import AutoDiagonalNormal, AutoIAFNormal, AutoMultivariateNormal
from numpyro.infer.util import initialize_model
from numpyro.optim import Adam

HERE = Path(__file__).resolve().parent
GUIDES = {
    "diagonal": AutoDiagonalNormal,
    "full_rank": AutoMultivariateNormal,
    "iaf": AutoIAFNormal,
}
STEPS, RATE, DRAWS = 20_000, 0.003, 10_000


def fit(kind: str, data: tuple, seed: int = 0) -> dict[str, np.ndarray]:
    """Draws of a trained guide by name, with log_q and log_p, all on R^d."""
    guide = GUIDES[kind](model)
    training, drawing = jax.random.split(jax.random.key(seed))
    svi = SVI(model, guide, Adam(RATE), Trace_ELBO(num_particles=4))
    params = svi.run(training, STEPS, *data, progress_bar=False).params

    posterior = guide.get_posterior(params)
    z = posterior.sample(drawing, (DRAWS,))
    draws = jax.vmap(guide._unpack_latent)(z)  # each parameter, unconstrained
    potential = initialize_model(drawing, model, model_args=data).potential_fn
    arrays = {
        # One number for each draw; the diagonal guide returns a term for each coordinate.
        "log_q": posterior.log_prob(z).reshape(DRAWS, -1).sum(1),
        "log_p": -jax.vmap(potential)(draws),  # optional: flowcheck compares it with its own
    }
    return {name: np.asarray(value) for name, value in (draws | arrays).items()}


if __name__ == "__main__":
    schools = json.loads((HERE / "eight_schools.json").read_text(encoding="utf-8"))
    data = tuple(np.array(schools[name], dtype=float) for name in ("y", "s"))
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE)
    for kind in GUIDES:
        np.savez(folder / f"{kind}.npz", **fit(kind, data))
