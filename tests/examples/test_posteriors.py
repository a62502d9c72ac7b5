"""The posteriors in examples/: they pass a first look, and are the models they say they are."""

import textwrap
from pathlib import Path

import pytest
import torch
import yaml
from scipy import stats

from flowcheck import flat_priors
from flowcheck.first_look import look
from flowcheck.targets import load_target, make_target
from flowcheck.user_data import read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCHOOLS = str(EXAMPLES / "eight_schools.json")


def posterior(name: str, data: dict, **settings):
    return load_target(str(EXAMPLES / f"{name}.py"), data, settings)


@pytest.mark.parametrize("config", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_configs_posteriors_pass_the_first_look(config):
    for entry in yaml.safe_load(config.read_text(encoding="utf-8"))["targets"].values():
        data = read(str(EXAMPLES / entry.pop("data")))
        file = str(EXAMPLES / entry.pop("file"))
        target = load_target(file, data, entry)
        rows = flat_priors.twice(data)
        repeated = load_target(file, rows, entry)
        found = look(target, torch.Generator().manual_seed(0), repeated)
        assert found["notes"] == []
        assert found["gradient_error"] < 1e-8


def test_the_regression_is_short_and_scipys():
    code = (EXAMPLES / "regression.py").read_text(encoding="utf-8").split("\n")
    assert sum(1 for line in code if line.strip()) <= 15
    data = read(str(EXAMPLES / "regression.json"))
    target = posterior("regression", data, scale=2.0)
    u = target.starts(1, torch.Generator().manual_seed(0))[0]
    value = {name: part.numpy() for name, part in target.constrain(u).items()}
    mean = value["alpha"] + data["x"] @ value["beta"]
    expected = (
        stats.norm.logpdf(value["alpha"], 0, 2)
        + stats.norm.logpdf(value["beta"], 0, 2).sum()
        + stats.halfnorm.logpdf(value["sigma"])
        + stats.norm.logpdf(data["y"], mean, value["sigma"]).sum()
    )
    found = target.log_density(u) - target.log_jacobian(u)
    assert float(found) == pytest.approx(float(expected), rel=1e-12)


def test_the_documentation_shows_the_regression():
    guide = (EXAMPLES.parent / "docs" / "own-posterior.md").read_text(encoding="utf-8")
    block = guide.split("    # my_model.py\n")[1].split("\n\nWrite a config")[0]
    code = (EXAMPLES / "regression.py").read_text(encoding="utf-8").split('"""')[2]
    assert textwrap.dedent(block).split() == code.split()


def agrees(target, family: str, tolerance: float) -> None:
    """The target is the gallery's posterior `family` with its parameters in any order."""
    ours = make_target(family, {}, {})
    u = target.starts(64, torch.Generator().manual_seed(0))
    same = ours.unconstrain({name: value.numpy() for name, value in target.constrain(u).items()})
    torch.testing.assert_close(
        target.log_density(u), ours.log_density(same), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("family", ["eight_schools", "eight_schools_centred"])
def test_eight_schools_are_the_gallerys(family):
    agrees(posterior(family, read(SCHOOLS)), family, 1e-11)


@pytest.mark.examples
@pytest.mark.parametrize("library", ["numpyro", "pymc"])
def test_other_libraries_models_are_ours(library):
    pytest.importorskip(library)
    target = posterior(f"eight_schools_{library}", read(SCHOOLS))
    found = look(target, torch.Generator().manual_seed(0))
    assert found["notes"] == []
    assert found["gradient_error"] < 1e-8
    assert sorted(found["names"]) == ["e", "mu", "tau"]
    # One of PyMC's constants is rounded to single precision.
    agrees(target, "eight_schools", 1e-6)


@pytest.mark.examples
@pytest.mark.parametrize("library", ["numpyro", "pymc"])
def test_the_versions_that_a_file_states_are_those_tried(library):
    module = pytest.importorskip(library)
    text = (EXAMPLES / f"eight_schools_{library}.py").read_text(encoding="utf-8")
    assert f"{module.__version__}, JAX {pytest.importorskip('jax').__version__}" in text
