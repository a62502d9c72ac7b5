"""A study's results in miniature, two of everything: what intermediate files are damaged in.

They are written by the library's own writers, at their places, with no step run.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from flowcheck import files

REPLICATES, DRAWS, DIM = 2, 40, 2
CHECK = {"value": 1.001, "limit": 1.01, "passed": True}


@cache
def results() -> Path:
    """The folder of the results; to be copied from, never changed."""
    folder = Path(tempfile.mkdtemp(prefix="flowcheck-results-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for number, target in enumerate(("banana", "wide")):
        _truth(folder / target, number)
        for flow in ("nice", "planar"):
            _flow(folder / target / "flows" / flow, target, flow, number)
        for name in ("laplace", "pathfinder"):
            _approximation(folder / target / "approximations" / name, target, name)
        _tables(folder / target, target)
    for images in ("digits", "mnist"):
        _images(folder / "vae" / images)
        for vae in ("course", "vae"):
            _autoencoder(folder / "vae" / images / vae, len(images + vae))
        _losses(folder / "vae" / images / "losses.csv")
    _theory(folder / "theory")
    return folder


def copy(place: str, folder: Path) -> Path:
    """A copy of one of the files, at the same place below `folder`."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(results() / place, path))


def _rng(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(numbers)


def _truth(folder: Path, number: int) -> None:
    rng, n = _rng(number), 5 + number
    evidence = {"log_evidence": -20.0 - number, "log_evidence_se": 0.01}
    files.write_arrays(str(folder / "data.npz"), y=rng.standard_normal(n))
    look = {"dim": DIM, "names": ["theta"], "coordinates": ["theta[0]", "theta[1]"]}
    files.write_json(str(folder / "check.json"), look)
    exact = {"log_evidence": -20.0 - number, "mean": [0.0, 1.0], "variance": [1.0, 2.0]}
    exact |= {"method": "quadrature", "tolerance": 1e-10}
    files.write_json(str(folder / "exact.json"), exact)
    files.write_arrays(str(folder / "exact_draws.npz"), theta=rng.standard_normal((DRAWS, DIM)))
    files.write_arrays(
        str(folder / "gaussian.npz"), loc=rng.standard_normal(DIM), factor=np.eye(DIM)
    )
    for run in ("short", "long"):
        theta = rng.standard_normal((4, DRAWS, DIM))
        stats = {"lp": theta.sum(-1), "energy": theta[..., 0], "diverging": theta[..., 0] > 9}
        files.write_chains(str(folder / f"hmc/{run}.nc"), theta, stats)
        facts = {"device": "cpu", "chains": 4, "draws": DRAWS, "discarded": 10, "seconds": 1.5}
        files.write_json(str(folder / f"hmc/{run}_run.json"), facts)
    checks = {"rhat": CHECK, "ess_bulk": CHECK | {"value": 900.0, "limit": 400}}
    verdict = {"passed": True, "checks": checks, "cause": None, "cure": None}
    sampler = {"chains": 4, "draws": DRAWS, "discarded": 10}
    files.write_json(str(folder / "hmc/long.json"), verdict | sampler)
    estimates = [{"method": "bridge", "value": -20.0, "se": 0.01}]
    more = {"method": "bridge", "agree": True, "reason": None, "estimates": estimates}
    files.write_json(str(folder / "evidence.json"), evidence | more)
    moments = {"theta[0]": {"mean": 0.0, "sd": 1.0, "mean_se": 0.0}}
    truth = evidence | {"grade": "exact", "expectations": moments, "draws": "exact"}
    files.write_json(str(folder / "truth.json"), truth)


def _flow(folder: Path, target: str, flow: str, number: int) -> None:
    rng = _rng(number, len(flow))
    weights = {"weight": torch.from_numpy(rng.standard_normal((REPLICATES, 3, 2))).float()}
    made_from = {"flow": flow, "family": flow, "sizes": {}, "dim": DIM, "target": target}
    run = {"device": "cpu", "seconds": 1.0, "replicates": 1, "iterations": 9, "skipped_steps": [0]}
    history = pd.DataFrame({"iteration": [1, 9], "replicate": 0, "elbo": [-30.0, -21.0]})
    for first in range(REPLICATES):
        part = folder / "parts" / str(first)
        own = {name: value[first : first + 1] for name, value in weights.items()}
        files.write_weights(str(part / "model.safetensors"), own, made_from)
        files.write_table(str(part / "elbo.csv"), history.assign(replicate=first))
        files.write_json(str(part / "run.json"), run)
    files.write_weights(str(folder / "model.safetensors"), weights, made_from)
    both = pd.concat([history, history.assign(replicate=1)])
    files.write_table(str(folder / "elbo.csv"), both.sort_values(["iteration", "replicate"]))
    files.write_json(
        str(folder / "run.json"), run | {"replicates": REPLICATES, "skipped_steps": [0, 0]}
    )
    theta = rng.standard_normal((REPLICATES, DRAWS, DIM))
    files.write_arrays(str(folder / "draws.npz"), theta=theta, log_q=theta.sum(-1))
    files.write_draws(str(folder / "draws.nc"), {"theta": theta}, {"log_q": theta.sum(-1)})
    files.write_table(str(folder / "divergence.csv"), divergence(target, flow))
    facts = {"target": target, "flow": flow, "method": "quadrature", "draws": DRAWS}
    replicates = [{"misses_part_of_p": False, "missing_mass": 0.0}] * REPLICATES
    files.write_json(str(folder / "divergence.json"), facts | {"replicates": replicates})


def _approximation(folder: Path, target: str, name: str) -> None:
    rng = _rng(len(target), len(name))
    own = {"refused": None, "notes": []}
    run = {"method": name, "device": "cpu", "seconds": 1.0, "gradients": 9, "densities": 99}
    files.write_json(str(folder / "run.json"), run | own)
    loc, factor = rng.standard_normal(DIM), np.eye(DIM)
    files.write_arrays(str(folder / "gaussian.npz"), loc=loc, factor=factor)
    theta = rng.standard_normal((1, DRAWS, DIM))
    logs = {"log_q": theta.sum(-1), "log_p": theta[..., 0]}
    files.write_arrays(str(folder / "draws.npz"), theta=theta, **logs)
    files.write_draws(str(folder / "draws.nc"), {"theta": theta}, logs)
    table = divergence(target, name)
    files.write_table(str(folder / "divergence.csv"), table[table["replicate"] == 0])
    facts = {"target": target, "flow": name, "kind": "fitted", "method": "quadrature"}
    replicates = [{"misses_part_of_p": False, "missing_mass": 0.0}]
    files.write_json(
        str(folder / "divergence.json"), facts | own | {"draws": DRAWS, "replicates": replicates}
    )


def divergence(target: str, flow: str) -> pd.DataFrame:
    """A table of divergences of one flow."""
    known = {"elbo": -20.1, "elbo_se": 0.01, "kl": 0.1, "kl_se": 0.01, "pareto_k": 0.3}
    rows = [
        {"target": target, "flow": flow, "replicate": r}
        | known
        | {"kl_knn": None, "grade": "exact"}
        for r in range(REPLICATES)
    ]
    return pd.DataFrame(rows)


def _tables(folder: Path, target: str) -> None:
    both = [divergence(target, flow) for flow in ("nice", "planar")]
    files.write_table(str(folder / "divergence.csv"), pd.concat(both))
    rows = [
        {"approximation": name, "replicate": 0, "parameter": f"theta[{i}]", "mean": 0.1, "sd": 1.0}
        for name in ("truth", "hmc", "nice")
        for i in range(DIM)
    ]
    files.write_table(str(folder / "moments.csv"), pd.DataFrame(rows))
    floor = {"pair": "exact-exact", "repeat": [0, 1, 2], "n": 40, "k": 3, "kl_knn": [0.1, -0.1, 0]}
    files.write_table(str(folder / "knn_floor.csv"), pd.DataFrame(floor))


def _images(folder: Path) -> None:
    rng = _rng(len(folder.name))
    facts = {"dataset": folder.name, "sha256": "0" * 64, "shape": [2, 2], "train": 4, "test": 2}
    facts |= {"held_out": "test"}
    files.write_json(str(folder / "images.json"), facts)
    files.write_arrays(
        str(folder / "images.npz"),
        pixels=rng.integers(0, 16, (6, 4), dtype=np.uint8),
        labels=np.arange(6),
        split=np.array(["train"] * 4 + ["test"] * 2),
        shape=np.array([2, 2]),
        levels=np.array(16),
        binary=rng.integers(0, 2, (6, 4), dtype=np.uint8),
    )


def _autoencoder(folder: Path, number: int) -> None:
    rng = _rng(number)
    weights = {"encoder": torch.from_numpy(rng.standard_normal((4, 3))).float()}
    files.write_weights(str(folder / "model.safetensors"), weights)
    both = {f"{epoch}/encoder": weights["encoder"] + epoch for epoch in (1, 2)}
    files.write_weights(str(folder / "snapshots.safetensors"), both)
    history = pd.DataFrame({"epoch": [1, 2], "objective": [-3.0, -2.5]})
    files.write_table(str(folder / "training.csv"), history)
    run = {"device": "cpu", "seconds": 1.0}
    files.write_json(str(folder / "training.json"), run | {"epochs": 2})
    means = {"log_px": {"train": -2.0, "test": -2.2}, "elbo": {"train": -2.4, "test": -2.7}}
    files.write_json(str(folder / "bounds.json"), run | means)
    rows = [
        {"epoch": e, "split": s, "bound": b, "value": -2.5, "se": 0.1, "images": 2}
        for e in (1, 2)
        for s in ("train", "test")
        for b in ("elbo", "L_50", "log_px")
    ]
    files.write_table(str(folder / "bounds.csv"), pd.DataFrame(rows))
    unknown = np.array([-3.0, np.nan, -3.0, -3.0, np.nan, -3.0])  # where no bound was computed
    files.write_arrays(
        str(folder / "image_bounds.npz"),
        split=np.array(["train"] * 4 + ["test"] * 2),
        index=np.arange(6),
        label=np.arange(6),
        elbo=unknown,
        L_50=unknown + 0.5,
        log_px=np.full(6, -2.0),
    )
    mean = rng.standard_normal((2, 2)).astype(np.float32)
    files.write_arrays(str(folder / "latent.npz"), mean=mean, label=np.arange(2))
    names = ("real", "generated", "reconstructed", "binary", "mesh", "z1", "z2")
    pictures = {name: rng.random((2, 2, 2)).astype(np.float32) for name in names}
    files.write_arrays(str(folder / "pictures.npz"), **pictures)


def _losses(path: Path) -> None:
    rows = [
        {"vae": vae, "split": split, "log_px": -2.0, "multisample": -2.1, "elbo": -2.5}
        | {"log_px_all": -2.2, "elbo_all": -2.7}
        for vae in ("course", "vae")
        for split in ("train", "test")
    ]
    files.write_table(str(path), pd.DataFrame(rows))


def _theory(folder: Path) -> None:
    kernels = ("constant", "identity")
    rows = [{"kernel": k, "step": s, "kl": 1.0 / (s + 1)} for k in kernels for s in range(3)]
    files.write_table(str(folder / "kl_contraction.csv"), pd.DataFrame(rows))
    facts = {name: {"rate": 0.5, "reversible": True} for name in kernels}
    two_steps = {"before": 1.0, "after": 0.5, "moved": 0.2}
    content = {"target": "banana", "states": 9, "kernels": facts, "two_steps": two_steps}
    files.write_json(str(folder / "kl_contraction.json"), content)
    rows = [
        {"target": "banana", "flow": "nice", "k": k, "value": -20.0, "se": 0.1, "log_evidence": -19}
        for k in (1, 10)
    ]
    files.write_table(str(folder / "multisample_bounds.csv"), pd.DataFrame(rows))
