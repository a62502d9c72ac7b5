"""A flow's replicates trained in several jobs: the files of one job, and the same numbers."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.flows.base import sample
from flowcheck.seeds import generators_for
from flowcheck.targets.banana import Target
from tests.repository import copy_to, snakemake

OUTPUT = "results/parts"
FLOW = f"{OUTPUT}/banana/flows/planar"
GOALS = [f"{FLOW}/{name}" for name in ("model.safetensors", "elbo.csv", "run.json")]
REPLICATES = 5
CONFIG = f"""\
output: {OUTPUT}
training: {{iterations: 40, warmup: 0, replicates: {REPLICATES}}}
flows: {{planar: {{layers: 1, replicates_per_job: PER_JOB}}}}
images: {{digits: null}}
"""
# Seconds: it takes 10 on two idle cores; this ends a hang.
LIMIT = 900


def made(folder, per_job):
    """Make the goal with so many replicates per job: weights, tables, and what Snakemake said."""
    (folder / "parts.yaml").write_text(CONFIG.replace("PER_JOB", per_job))
    done = snakemake(
        folder, "--configfile", "parts.yaml", "--cores", "2", "--", *GOALS, limit=LIMIT
    )
    assert done.returncode == 0, done.stdout
    return {
        "weights": files.read_weights(folder / FLOW / "model.safetensors"),
        "elbo": pd.read_csv(folder / FLOW / "elbo.csv"),
        "y": files.read_arrays(folder / OUTPUT / "banana/data.npz")["y"],
        "run": json.loads((folder / FLOW / "run.json").read_text()),
        "said": done.stdout,
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The flow trained by one job, and then again by three."""
    folder = copy_to(tmp_path_factory.mktemp("parts") / "copy")
    return made(folder, "null"), made(folder, "2")


def test_the_parts_were_trained_and_put_together(both):
    whole, parts = both
    assert " train_part " not in whole["said"]
    assert parts["said"].count(" train_part banana planar ") == 3
    assert " train_flow " not in parts["said"]
    assert " prepare_data " not in parts["said"]  # the truth is as it was


def test_each_replicate_has_the_weights_it_has_among_all(both):
    whole, parts = (study["weights"] for study in both)
    assert set(whole) == set(parts)
    for name, value in whole.items():
        assert value.shape[0] == REPLICATES
        # Batched products sum in another order: float32's 1e-7, grown by 40 steps of descent.
        np.testing.assert_allclose(parts[name], value, rtol=0, atol=2e-3)
    flat = np.concatenate([value.reshape(REPLICATES, -1) for value in whole.values()], axis=1)
    assert len(np.unique(flat.round(2), axis=0)) == REPLICATES  # each its own, beyond that


def test_the_history_has_the_same_rows(both):
    whole, parts = (study["elbo"] for study in both)
    for key in ("iteration", "replicate"):
        assert whole[key].tolist() == parts[key].tolist()
    np.testing.assert_allclose(parts["elbo"], whole["elbo"], rtol=1e-3)


def test_the_elbos_are_the_same_within_their_error(both):
    # And so the KL, which is the log evidence less the ELBO.
    flow = make_flow("planar", 2, {"layers": 1})
    values = []
    for study in both:
        weights = {name: value.double() for name, value in study["weights"].items()}
        theta, log_q = sample(flow, weights, 20_000, generators_for(REPLICATES, 0))
        values.append(Target({"y": study["y"]}, 2.0, 1.0).log_density(theta) - log_q)
    whole, parts = values
    error = whole.std(-1) / math.sqrt(whole.shape[-1])
    assert (error > 0).all()
    assert ((parts.mean(-1) - whole.mean(-1)).abs() < error).all()


def test_the_run_speaks_for_all_parts(both):
    whole, parts = (study["run"] for study in both)
    assert set(whole) == set(parts)
    for key in ("device", "replicates", "iterations", "gradients", "coordinates", "skipped_steps"):
        assert parts[key] == whole[key]


def test_the_number_of_jobs_is_as_the_config_says(bare):
    bare.edit("config/tiny.yaml", "replicates: 2}", "replicates: 5, replicates_per_job: 2}")
    bare.edit("config/tiny.yaml", "{layers: 2}", "{layers: 2, replicates_per_job: 4}")
    bare.edit("config/tiny.yaml", "nice: {", "nice: {replicates_per_job: null, ")
    jobs = [job for job in bare.planned() if "train" in job.split()[0] and "vae" not in job]
    assert jobs == [
        "gather_training banana planar",
        "gather_training banana realnvp",
        "train_flow banana nice",
        *(f"train_part banana planar {first}" for first in (0, 4)),
        *(f"train_part banana realnvp {first}" for first in (0, 2, 4)),
    ]
