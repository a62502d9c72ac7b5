"""Approximations that are no flows, in the workflow: the config, a study with them, what reruns."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from snakemake.exceptions import WorkflowError

from tests.repository import FULL_ACCOUNT, copy_to, snakemake
from workflow.lib import config
from workflow.lib.approximations import approximations_of, method_of

SECONDS = 900  # the study takes some 80 on one core; this ends a hang


@pytest.fixture
def user(tmp_path, monkeypatch):
    """A folder with files of approximations, which a config names relative to it."""
    for name in ("a.npz", "b.npz"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


OWN = "targets: {mine: {family: mixture}, other: {family: funnel}, banana: {}}\n"
# What is wrong, and what is said.
WRONG = {
    "a flow's name": (
        "approximations: {mean_field: {target: mine, file: a.npz}}",
        "approximations.mean_field: a flow has that name",
    ),
    "a banana's flow's name": (
        "approximations: {planar: {target: banana, file: a.npz}}",
        "approximations.planar: a flow has that name",
    ),
    "no target": ("approximations: {advi: {file: a.npz}}", "approximations.advi.target: say which"),
    "an unknown target": (
        "approximations: {advi: {file: a.npz, target: mien}}",
        "did you mean 'mine'?",
    ),
    "both kinds": (
        "approximations: {advi: {file: a.npz, target: mine, method: laplace}}",
        "give `file` or `method`, not both",
    ),
    "neither kind": ("approximations: {advi: {}}", "draws that were made elsewhere, or `method`"),
    "an unknown method": ("approximations: {a: {method: laplac}}", "'laplac' is not one of"),
    "a file's key without one": (
        "approximations: {laplace: {space: constrained}}",
        "approximations.laplace.space: this key describes a file",
    ),
    "an absent file": (
        "approximations: {advi: {file: no.npz, target: mine}}",
        "approximations.advi.file: no file 'no.npz'",
    ),
    "a mistyped key": (
        "approximations: {advi: {fil: a.npz, target: mine}}",
        "approximations.advi.fil: no such key",
    ),
    "a row's name": (
        "approximations: {hmc: {file: a.npz, target: mine}}",
        "approximations.hmc: moments.csv uses that name",
    ),
    "a flow called truth": (
        "flows: {truth: {family: planar, layers: 2}}",
        "flows.truth: moments.csv uses that name",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_entry_is_named(user, fault):
    text, said = WRONG[fault]
    with pytest.raises(WorkflowError, match=re.escape(said)):
        config.complete(yaml.safe_load(OWN + text))


def entries(text: str) -> dict:
    """target -> name -> how each approximation is made, a method or a file."""
    study = config.complete(yaml.safe_load(text))
    return {
        target: {
            name: method_of(name, entry) or entry["file"]
            for name, entry in approximations_of(study, target).items()
        }
        for target in study["targets"]
    }


BOTH = {"laplace": "laplace", "pathfinder": "pathfinder"}
NAMED = {
    "none": ("", {"mine": BOTH, "other": BOTH, "banana": {}}),
    "an empty section": ("approximations: {}", {"mine": {}, "other": {}, "banana": {}}),
    "a method": (
        "approximations: {laplace: {}}",
        {target: {"laplace": "laplace"} for target in ("mine", "other", "banana")},
    ),
    "one removed": (
        "approximations: {laplace: null}",
        {"mine": {"pathfinder": "pathfinder"}, "other": {"pathfinder": "pathfinder"}, "banana": {}},
    ),
    "files and methods of one target": (
        "approximations: {advi: {target: mine, file: a.npz}, p: {method: pathfinder, "
        "target: other}}",
        {"mine": {"advi": "a.npz"}, "other": {"p": "pathfinder"}, "banana": {}},
    ),
    "a method's name for a file": (
        "approximations: {laplace: {target: banana, file: b.npz}}",
        {"mine": {}, "other": {}, "banana": {"laplace": "b.npz"}},
    ),
}


@pytest.mark.parametrize("case", NAMED)
def test_what_is_named_is_what_runs(user, case):
    text, expected = NAMED[case]
    assert entries(OWN + text) == expected


def test_the_default_study_has_none():
    assert entries("seed: 2022") == {"banana": {}}


STUDY = """\
output: made
targets: {mixture: {family: mixture}}
flows: {}
approximations:
  pathfinder: {}
  right: {target: mixture, file: right.npz}
  wrong: {target: mixture, file: wrong.npz}
  draws: {target: mixture, file: draws.npz}
  weighed: {target: mixture, file: weighed.npz, unnormalised: true}
hmc: {adaptive: {warmup_draws: 100, draws: 250, chains: 8}}
divergence: {floor_repeats: 2, knn_draws: 1000}
"""
SD, N = 4.5, 4000


def write_files(folder) -> None:
    """Draws of a wide normal distribution, rightly and wrongly described."""
    rng = np.random.default_rng(0)
    theta = SD * rng.standard_normal((N, 2))
    log_q = (-0.5 * (theta / SD) ** 2 - np.log(SD) - 0.5 * np.log(2 * np.pi)).sum(1)
    np.savez(folder / "right.npz", theta=theta, log_q=log_q)
    np.savez(folder / "wrong.npz", theta=theta, log_q=rng.permutation(log_q))
    np.savez(folder / "draws.npz", theta=theta)
    np.savez(folder / "weighed.npz", theta=theta, log_q=log_q + 7)


class Made:
    """A finished study, in the folder of a user."""

    def __init__(self, folder, project):
        self.folder, self.results, self.project = folder, folder / "made", project

    def run(self, *options):
        base = ("-s", self.project / "Snakefile", "--configfile", "study.yaml", "--cores", "2")
        done = snakemake(self.folder, *base, *options, limit=SECONDS)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def jobs(self) -> set[str]:
        """The rules that would run, each with the approximation it works on."""
        found = set()
        for block in re.split(r"\n(?=(?:local)?rule )", self.run("-n", *FULL_ACCOUNT))[1:]:
            rule = re.match(r"(?:local)?rule (\w+):", block).group(1)
            own = re.search(r"approximation=(\w+)", block)
            found.add(f"{rule} {own.group(1)}" if own else rule)
        return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("approximations")
    made = Made(folder, copy_to(folder / "flowcheck"))
    write_files(folder)
    (folder / "study.yaml").write_text(STUDY)
    made.run()
    return made


def exact_kl() -> float:
    """KL of N(0, SD^2 I) from the gallery's mixture, by quadrature over its first axis."""
    x = np.linspace(-12 * SD, 12 * SD, 200_001)
    log_q = -0.5 * (x / SD) ** 2 - np.log(SD) - 0.5 * np.log(2 * np.pi)
    parts = [
        np.log(w) - 0.5 * (x - c) ** 2 - 0.5 * np.log(2 * np.pi) for w, c in ((0.3, -4), (0.7, 4))
    ]
    along = np.trapezoid(np.exp(log_q) * (log_q - np.logaddexp(*parts)), x)
    return float(along + 0.5 * (SD**2 - 1 - 2 * np.log(SD)))


def test_each_is_a_row_of_the_contract(finished):
    table = pd.read_csv(finished.results / "mixture/divergence.csv").set_index("flow")
    assert set(table.index) == {"pathfinder", "right", "wrong", "draws", "weighed"}
    assert (table["replicate"] == 0).all()
    right = table.loc["right"]
    assert abs(right["kl"] - exact_kl()) < 4 * right["kl_se"]
    # By quadrature, since it is a Gaussian in two dimensions: reverse KL drops the smaller mode. A
    # path's best is chosen by 50 draws from each of its Gaussians, to some hundredths of a nat.
    assert -np.log(0.7) <= table.loc["pathfinder", "kl"] < -np.log(0.7) + 0.1
    assert np.isfinite(table.loc["pathfinder", "kl_forward"])
    numbers = table.columns.difference(["target", "replicate", "grade"])
    assert table.loc["wrong", numbers].isna().all()
    assert table.loc["draws", ["kl", "elbo", "pareto_k", "tv"]].isna().all()
    assert table.loc["draws", "sliced_w2"] > 0
    assert table.loc["weighed", ["kl", "elbo", "tv"]].isna().all()
    assert table.loc["weighed", "pareto_k"] == pytest.approx(right["pareto_k"], abs=1e-9)


def test_draws_are_kept_as_read(finished):
    place = finished.results / "mixture/approximations"
    given = np.load(finished.folder / "right.npz")
    kept = np.load(place / "right/draws.npz")
    np.testing.assert_array_equal(kept["theta"][0], given["theta"])
    np.testing.assert_array_equal(kept["log_q"][0], given["log_q"])
    assert np.isnan(kept["log_p"]).all()
    assert kept["log_p"].shape == (1, N)
    assert np.load(place / "wrong/draws.npz")["theta"].shape == (1, 0, 2)
    run = json.loads((place / "pathfinder/run.json").read_text())
    assert run["gradients"] > 0
    assert run["seconds"] > 0


def test_the_report_and_the_summary_say_why(finished):
    page = (finished.results / "report.html").read_text()
    for text in (page, (finished.results / "summary.md").read_text()):
        assert "wrong was refused" in text
        assert "do not belong together" in text
        assert "draws came without log_q" in text
        assert "effective sample size" in text


def test_what_reruns_after_a_change_of_a_file(finished):
    assert finished.jobs() == set()
    (finished.folder / "right.npz").write_bytes((finished.folder / "draws.npz").read_bytes())
    try:
        found = finished.jobs()
    finally:
        write_files(finished.folder)
    of_one = {one for one in found if " " in one}
    assert of_one == {"read_approximation right", "measure_approximation right"}
    assert found - of_one >= {"gather_divergence", "measure_moments", "make_report"}
    assert not found & {"run_hmc", "estimate_evidence", "exact_truth", "check_target", "knn_floor"}


def test_what_runs_for_one_more(finished):
    (finished.folder / "study.yaml").write_text(
        STUDY.replace("  pathfinder: {}\n", "  pathfinder: {}\n  laplace: {}\n")
    )
    try:
        of_one = {one for one in finished.jobs() if " " in one}
    finally:
        (finished.folder / "study.yaml").write_text(STUDY)
    assert of_one == {"fit_approximation laplace", "measure_approximation laplace"}


def test_check_names_a_refused_file_and_goes_on(finished):
    said = finished.run("--", "check")
    assert "refused, and left out of mixture" in said
    assert "The study can run." in said
