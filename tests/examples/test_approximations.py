"""The examples that make files of approximations: they are read, and are what they say."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from flowcheck.approximations.arrays import LOGS
from flowcheck.approximations.outside import take
from flowcheck.divergence import mean_with_error
from flowcheck.targets import make_target
from flowcheck.user_data import read_draws

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# KL(q|p) in nats as such fits reach it; seeds move it by a tenth.
REACHED = {
    "pymc": {"advi": 0.57, "fullrank_advi": 0.69},
    "numpyro": {"diagonal": 0.31, "full_rank": 0.30, "iaf": 0.09},
}
SEEDS = 0.15


@pytest.mark.examples
@pytest.mark.parametrize("library", sorted(REACHED))
def test_files_are_read_and_have_the_divergence_of_such_fits(library, tmp_path):
    pytest.importorskip(library)
    example = EXAMPLES / f"approximations_{library}.py"
    done = subprocess.run(
        [sys.executable, example, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    target = make_target("eight_schools", {}, {})
    for name, expected in REACHED[library].items():
        found = read_draws(str(tmp_path / f"{name}.npz"), LOGS)
        given, notes = take(target, found, "unconstrained")
        # One of PyMC's constants is rounded to single precision: their log_p is ours nevertheless.
        assert notes == []
        log_p = target.log_density(torch.from_numpy(given.theta)).numpy()
        gap = mean_with_error(given.log_q - log_p)
        kl = target.exact()["log_evidence"] + gap.value
        assert abs(kl - expected) < SEEDS + 4 * gap.se, name


def test_the_config_names_the_files_that_the_examples_write():
    config = yaml.safe_load((EXAMPLES / "approximations.yaml").read_text(encoding="utf-8"))
    named = {entry["file"] for entry in config["approximations"].values() if "file" in entry}
    assert named == {f"{name}.npz" for fits in REACHED.values() for name in fits}


@pytest.mark.examples
@pytest.mark.parametrize("library", sorted(REACHED))
def test_the_versions_that_a_file_states_are_those_tried(library):
    module = pytest.importorskip(library)
    text = " ".join((EXAMPLES / f"approximations_{library}.py").read_text(encoding="utf-8").split())
    assert f"{module.__version__} and JAX {pytest.importorskip('jax').__version__}" in text
