"""The workflow runs from anywhere: by -s, --directory, as a module, with storage, beside others."""

import os
import re
import shutil

import numpy as np
import pytest

from tests.repository import ROOT, copy_to, snakemake

# A posterior of one's own, in miniature. The path is relative: it must be found beside the config.
OWN = "targets: {mine: {data: y.npy}}\n"
SMALL = """\
output: made
training: {iterations: 20, warmup: 0, replicates: 1}
flows: {planar: {layers: 1}}
divergence: {floor_repeats: 2, knn_draws: 100, flow_draws: 1000}
"""
FULL = (ROOT / "config/config.yaml").read_text()
DATA = "mine/data.npz"
SECONDS = 300  # a run takes some 10; this ends a hang


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the repository, in a folder of its own."""
    return copy_to(tmp_path_factory.mktemp("elsewhere") / "flowcheck")


@pytest.fixture
def user(tmp_path):
    """The folder of a user: data, configs, and packages with the names of the project's own."""
    for package in ("workflow", "scripts", "flowcheck"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise ImportError('the user own')\n")
    np.save(tmp_path / "y.npy", np.random.default_rng(1).normal(1.0, 2.0, 50))
    (tmp_path / "mine.yaml").write_text(OWN + SMALL)
    (tmp_path / "partial.yaml").write_text(SMALL)
    (tmp_path / "full.yaml").write_text(FULL)
    return tmp_path


def run(folder, *options, dry=True, goals=()):
    """Run Snakemake in `folder`: what it said, once it has succeeded."""
    options = (*options, "--cores", "1", *(["--dry-run"] if dry else []), "--", *goals)
    done = snakemake(folder, *options, limit=SECONDS)
    assert done.returncode == 0, done.stdout
    return done.stdout


def total(said):
    """How many jobs a dry run counts."""
    return int(re.search(r"\ntotal +(\d+)", said).group(1))


CONFIGS = {"none": [], "partial": ["partial.yaml"], "full": ["full.yaml"], "own": ["mine.yaml"]}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_a_snakefile_is_named_from_another_folder(project, user, snakefile, config):
    options = ["-s", project / snakefile]
    options += ["--configfile", *CONFIGS[config]] if CONFIGS[config] else []
    said = run(user, *options)
    assert ("train_vae" in said) == (config != "own")
    assert "theory_contraction" in said


@pytest.mark.parametrize(
    "output", ["results of mine", "{absolute}", "a/b"], ids=["spaces", "absolute", "nested"]
)
def test_results_go_where_the_config_says(project, user, tmp_path_factory, output):
    output = output.format(absolute=tmp_path_factory.mktemp("absolute") / "results")
    goal = f"{output}/banana/data.npz"
    options = ("-s", project / "Snakefile", "--config", f"output={output}")
    run(user, *options, dry=False, goals=[goal])
    assert (user / goal).is_file()


def test_another_working_directory(project, user, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    options = ("-s", project / "Snakefile", "--directory", user, "--configfile", user / "mine.yaml")
    run(elsewhere, *options, dry=False, goals=[f"made/{DATA}", "made/mine/exact.json"])
    assert (user / "made" / DATA).is_file()
    assert not list(elsewhere.iterdir())


def test_a_flow_is_trained_from_another_folder(project, user):
    options = ("-s", project / "Snakefile", "--configfile", "mine.yaml")
    goal = "made/mine/flows/planar/draws.npz"
    run(user, *options, dry=False, goals=[goal])
    assert (user / goal).is_file()
    assert "Nothing to be done" in run(user, *options, goals=[goal])


HOST = """\
module first:
    snakefile: "{project}/Snakefile"
    config: config["first"]
    prefix: "one"

use rule * from first as first_*

module second:
    snakefile: "{project}/workflow/Snakefile"
    config: {{"seed": 7, "targets": {{"other": {{"sigma_y": 3.0}}}}}}
    prefix: "two"

use rule * from second as second_*

rule all:
    default_target: True
    input: "one/made/mine/data.npz", "two/results/other/data.npz"
"""


def test_twice_a_module_of_a_host_with_packages_of_the_same_names(project, user):
    (user / "Snakefile").write_text(HOST.format(project=project))
    nested = "first:\n" + "".join(f"  {line}\n" for line in (OWN + SMALL).splitlines())
    (user / "host.yaml").write_text(nested)
    options = ("--configfile", "host.yaml")
    run(user, *options, dry=False)
    first, second = (np.load(user / p)["y"] for p in ("one/made/mine/data.npz",
                                                     "two/results/other/data.npz"))  # fmt: skip
    assert (first.shape, second.shape) == ((50,), (100,))
    assert "Nothing to be done" in run(user, *options)
    said = run(user, *options, goals=["first_report", "second_report"])
    assert "first_make_report" in said
    assert "second_make_report" in said


def test_a_storage_provider_holds_the_results(project, user):
    options = ["-s", project / "Snakefile", "--configfile", "mine.yaml"]
    options += ["--default-storage-provider", "fs", "--default-storage-prefix", user / "store"]
    assert "make_report" in run(user, *options)
    if shutil.which("rsync"):  # which the provider copies with
        run(user, *options, dry=False, goals=["made/mine/exact.json"])
        assert (user / "store/made/mine/exact.json").is_file()


def test_three_lines_and_a_file_plan_a_report_of_that_posterior_alone(project, tmp_path):
    np.save(tmp_path / "y.npy", np.arange(9.0))
    (tmp_path / "mine.yaml").write_text("targets:\n  mine:\n    data: y.npy\n")
    said = run(tmp_path, "-s", project / "Snakefile", "--configfile", "mine.yaml")
    assert "make_report" in said
    assert "results/mine/" in said
    assert not re.search(r"results/banana|vae|digits", said)
    assert os.listdir(tmp_path)  # the folder is the user's: nothing of the project is copied there


SCALING = """\
import torch

from flowcheck.flows import base
from flowcheck.settings import Count


class Flow(base.Flow):
    def __init__(self, dim: int, twists: Count, angle: float = 0.5):
        super().__init__(dim)
        self.twists, self.angle = twists, angle

    def initial(self, generator, init):
        return {"log_scale": 0.1 * torch.randn(self.twists, self.dim, generator=generator)}

    def forward(self, params, z):
        total = params["log_scale"].sum(-2, keepdim=True)
        return z * total.exp(), total.sum(-1).expand(z.shape[:-1])

    def inverse(self, params, x):
        total = params["log_scale"].sum(-2, keepdim=True)
        return x * (-total).exp(), -total.sum(-1).expand(x.shape[:-1])
"""


def test_a_new_flow_with_a_new_kind_of_size_is_one_file_and_one_line(user, tmp_path_factory):
    project = copy_to(tmp_path_factory.mktemp("new") / "flowcheck")
    (project / "scripts/flowcheck/flows/scaling.py").write_text(SCALING)
    config = user / "mine.yaml"
    config.write_text((OWN + SMALL).replace("{planar: {layers: 1}}", "{scaling: {twists: 3}}"))
    options = ("-s", project / "Snakefile", "--configfile", "mine.yaml")
    goal = "made/mine/flows/scaling/divergence.csv"
    run(user, *options, dry=False, goals=[goal])
    assert (user / goal).is_file()
    for wrong, said in (("twist: 3", "did you mean 'twists'?"), ("twists: 0", "minimum of 1")):
        config.write_text(config.read_text().replace("twists: 3", wrong))
        done = snakemake(user, *options, "--dry-run", limit=SECONDS)
        assert done.returncode == 1
        assert "flows.scaling.twist" in done.stdout
        assert said in done.stdout
        config.write_text(config.read_text().replace(wrong, "twists: 3"))


MODEL = """\
from helper import SCALE


class Target:
    parameters = {"mu": "real", "tau": "positive"}

    def __init__(self, data, width: float = 1.0):
        self.width = width

    def log_density(self, mu, tau):
        return -0.5 * (mu / self.width) ** 2 - SCALE * tau
"""


def test_editing_a_model_file_reruns_that_target_and_nothing_else(project, user):
    (user / "model.py").write_text(MODEL)
    (user / "helper.py").write_text("SCALE = 1.0\n")
    (user / "both.yaml").write_text(
        "output: made\ntraining: {iterations: 20, warmup: 0, replicates: 1}\n"
        "flows: {mean_field: {}}\n"
        "targets: {one: {file: model.py}, two: {file: model2.py}}\n"
    )
    (user / "model2.py").write_text(MODEL.replace("from helper import SCALE", "SCALE = 1.0"))
    options = ("-s", project / "Snakefile", "--configfile", "both.yaml")
    goals = [f"made/{name}/flows/mean_field/draws.nc" for name in ("one", "two")]
    run(user, *options, dry=False, goals=goals)
    for file in ("model.py", "helper.py"):
        text = (user / file).read_text()
        (user / file).write_text(text + "\n# edited\n")
        said = run(user, *options, goals=goals)
        assert "train_flow one mean_field" in said
        assert not re.search(r"^  \w+ two\b", said, re.MULTILINE)
        (user / file).write_text(text)
    assert "Nothing to be done" in run(user, *options, goals=goals)
    # A model that fails its first look stops the run, in one paragraph that names its line.
    (user / "helper.py").write_text("SCALE = 'heavy'\n")
    done = snakemake(user, *options, "--cores", "1", "--", *goals, limit=SECONDS)
    assert done.returncode == 1
    assert "model.py, line 11" in done.stdout
    assert "Traceback" not in done.stdout
