"""Fit PyMC's ADVI and full-rank ADVI to eight schools and write files that flowcheck reads. Tested
with PyMC 5.28.5 and JAX 0.10.2.

python approximations_pymc.py [folder] writes advi.npz and fullrank_advi.npz, each with 10,000 draws
by name, log_q and log_p on R^d, hence `space: unconstrained` in the config.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pymc
from eight_schools_pymc import model
from scipy.stats import multivariate_normal

HERE = Path(__file__).resolve().parent
METHODS = ("advi", "fullrank_advi")
STEPS, DRAWS = 30_000, 10_000


def fit(method: str, data: tuple, seed: int = 0) -> dict[str, np.ndarray]:
    """Draws of a fitted Gaussian by name, with log_q and log_p, all on R^d."""
    built = model(*data)
    with built:
        found = pymc.fit(STEPS, method=method, random_seed=seed, progressbar=False)
    # Both are Gaussians of one flat vector; `ordering` says which entries are of which parameter.
    mean, covariance = found.mean.eval(), found.cov.eval()
    gaussian = multivariate_normal(mean, covariance)
    z = gaussian.rvs(DRAWS, random_state=np.random.default_rng(seed))
    draws = {name: z[:, entries].reshape(-1, *shape) for name, entries, shape, _ in parts(found)}
    log_p = (
        built.compile_logp()
    )  # of the unconstrained values, Jacobians and all constants included
    rows = (dict(zip(draws, row, strict=True)) for row in zip(*draws.values(), strict=True))
    arrays = {"log_q": gaussian.logpdf(z), "log_p": np.array([log_p(row) for row in rows])}
    # tau_log__ is the logarithm of tau, which is tau's unconstrained number here too.
    return {name.removesuffix("_log__"): value for name, value in (draws | arrays).items()}


def parts(found) -> list[tuple]:
    """Name, entries of the flat vector, shape and type of each parameter."""
    return list(found.ordering.values())


if __name__ == "__main__":
    schools = json.loads((HERE / "eight_schools.json").read_text(encoding="utf-8"))
    data = tuple(np.array(schools[name], dtype=float) for name in ("y", "s"))
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else HERE)
    for method in METHODS:
        np.savez(folder / f"{method}.npz", **fit(method, data))
