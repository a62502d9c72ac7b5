"""`snakemake check`: every fault of a study is named in seconds, with how to fix it."""

import numpy as np
import pytest

from tests.repository import ROOT, copy_to, snakemake

SECONDS = 200  # it takes five; this ends a hang
MODEL = """\
import torch


class Target:
    parameters = {"mu": "real", "tau": "positive"}

    def __init__(self, data, width: float = 1.0):
        self.width = width

    def log_density(self, mu, tau):
        return BODY
"""
FINE = "-0.5 * (mu / self.width) ** 2 - tau"
OWN = "targets: {mine: {file: model.py}}"
# What is wrong: the config, what the density returns, and what is said.
BROKEN = {
    "a mistyped key": ("sed: 3", FINE, "sed: no such key"),
    "a bad number": ("seed: -1", FINE, "seed: -1 is less than the minimum of 0"),
    "an absent file": ("targets: {mine: {data: no.npy}}", FINE, "no file 'no.npy'"),
    "data with a hole": ("targets: {mine: {data: hole.npy}}", FINE, "hole.npy has 1 values that"),
    "an unknown flow": ("flows: {realnpv: {}}", FINE, "did you mean 'realnvp'?"),
    "a setting of no use": ("targets: {mine: {file: model.py, wdth: 2}}", FINE, "'width'"),
    "a GPU that is not there": ("device: cuda", FINE, "set `device: auto`"),
    "no Python": (OWN, "(", "model.py, line"),
    "a wrong shape": (OWN, "torch.stack([mu, tau])", "model.py, line 10"),
    "an error of its own": (OWN, "mu + nothing", "name 'nothing' is not defined"),
    "no gradient": (OWN, "(mu * 0 + tau * 0).detach()", "is not differentiable"),
    "no density anywhere": (OWN, "torch.log(-tau.exp()) + mu", "finite"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_to(tmp_path_factory.mktemp("check") / "flowcheck")


def check(project, folder, config, *goals):
    (folder / "mine.yaml").write_text(config)
    options = ("-s", project / "Snakefile", "--configfile", "mine.yaml", "--cores", "1", "--")
    return snakemake(
        folder, *options, *(goals or ["check"]), limit=SECONDS, CUDA_VISIBLE_DEVICES=""
    )


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_study_is_named_before_anything_long_runs(project, tmp_path, fault):
    config, body, said = BROKEN[fault]
    (tmp_path / "model.py").write_text(MODEL.replace("BODY", body))
    np.save(tmp_path / "hole.npy", np.array([1.0, np.nan, 2.0]))
    done = check(project, tmp_path, config)
    assert done.returncode != 0
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert "train_flow" not in done.stdout


def test_a_sound_study_says_what_it_found(project, tmp_path):
    (tmp_path / "model.py").write_text(MODEL.replace("BODY", FINE))
    done = check(project, tmp_path, OWN)
    assert done.returncode == 0, done.stdout
    assert "The study can run." in done.stdout
    assert "model.py: 2 dimensions" in done.stdout
    for about in ("device", "compiler", "disk", "memory"):
        assert about in done.stdout


def test_a_mistyped_target_gets_the_nearest_name(project, tmp_path):
    done = check(project, tmp_path, "seed: 3", "reprot")
    assert done.returncode != 0
    assert "There is no target 'reprot'" in done.stdout
    assert "did you mean 'report'?" in done.stdout


def test_the_readme_names_it():
    assert "snakemake check" in (ROOT / "README.md").read_text()
