"""What a config means: which entries run, and the settings that each of them has."""

from pathlib import Path

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from tests.workflow.configs import complete
from workflow.lib import config, entries
from workflow.lib.merge import merge

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def flow_params(study, flow, section="flows"):
    return entries.flow_params(study, section, flow)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_valid(name):
    study = complete((ROOT / "config" / name).read_text())
    for section in ("flows", "other_flows"):
        for flow in study[section]:
            flow_params(study, flow, section)


def test_shape_of_flow_params():
    params = flow_params(complete(), "realnvp")
    assert params["family"] == "realnvp"
    assert params["recipe_name"] == "default"
    assert params["replicates"] == 8
    assert params["replicates_per_job"] is None
    assert params["sizes"] == {
        "blocks": 4,
        "hidden": [32, 32],
        "activation": "silu",
        "scale_bound": 5.0,
    }
    assert set(params["recipe"]) == {
        "iterations", "samples", "learning_rate", "schedule", "warmup", "clip", "weight_decay",
        "gradient", "ema_decay", "init",
    }  # fmt: skip


def test_most_specific_setting_wins():
    recipe = "recipes: {default: {families: {nice: {}}}}"
    layers = [
        "recipes: {default: {learning_rate: 1.0}}",
        "recipes: {default: {families: {nice: {learning_rate: 2.0}}}}",
        "training: {learning_rate: 3.0}",
        "flows: {nice: {learning_rate: 4.0}}",
    ]
    for count in range(1, 5):
        study = complete("flows: {nice: {}, realnvp: {}}", recipe, *layers[:count])
        assert flow_params(study, "nice")["recipe"]["learning_rate"] == float(count)
    assert flow_params(study, "realnvp")["recipe"]["learning_rate"] == 3.0
    assert flow_params(complete(*layers[:2]), "realnvp")["recipe"]["learning_rate"] == 1.0


def test_null_is_a_setting_like_any_other():
    study = complete("training: {clip: null}")
    assert flow_params(study, "nice")["recipe"]["clip"] is None


def test_flow_takes_another_recipe_and_family():
    study = complete((ROOT / "config/course.yaml").read_text())
    course = flow_params(study, "realnvp_course")
    assert (course["family"], course["recipe_name"]) == ("realnvp", "course")
    assert course["sizes"]["activation"] == "relu"
    assert course["sizes"]["scale_bound"] is None
    assert course["recipe"]["gradient"] == "total"
    assert flow_params(study, "realnvp")["recipe"]["gradient"] == "path"


def test_one_flows_setting_changes_no_other():
    before, after = (
        complete(),
        complete(
            "flows: {planar: {}, realnvp: {}, nice: {blocks: 7}}",
            "flows: {more: {family: nice, blocks: 1, hidden: [2]}}",
        ),
    )
    for flow in ("planar", "realnvp"):
        assert flow_params(before, flow) == flow_params(after, flow)
    assert flow_params(before, "nice") != flow_params(after, "nice")


DEFAULT = config.default_config()


def names(study):
    return {section: sorted(study[section]) for section in ("targets", "flows", "images", "vaes")}


@pytest.mark.parametrize(
    ("overlay", "changed"),
    [
        ("{}", {}),
        ("training: {iterations: 5}", {}),
        # A target of one's own is the study: no other target, and no autoencoder.
        ("targets: {mine: {}}", {"targets": ["mine"], "images": [], "vaes": []}),
        ("targets: {banana: {}}", {"images": [], "vaes": []}),
        ("images: {mnist: {dataset: MNIST}}", {"targets": [], "images": ["mnist"]}),
        (
            "{targets: {mine: {}}, images: {digits: {}}}",
            {"targets": ["mine"], "images": ["digits"]},
        ),
        ("flows: {nice: {}}", {"flows": ["nice"]}),
        ("flows: {}", {"flows": []}),
        ("vaes: {wide: {hidden: 9}}", {"vaes": ["wide"]}),
        # null removes from what would be there.
        ("flows: {nice: null}", {"flows": ["planar", "realnvp"]}),
        ("targets: {banana: null}", {"targets": []}),
        ("images: {digits: null}", {"images": [], "vaes": []}),
        ("flows: {nice: null, mine: {family: nice}}", {"flows": ["mine"]}),
    ],
)
def test_what_is_named_is_what_runs(overlay, changed):
    study = merge(yaml.safe_load(overlay), DEFAULT)
    assert names(study) == names(DEFAULT) | changed


@pytest.mark.parametrize(
    ("overlay", "place", "expected"),
    [
        ("flows: {nice: {}}", "flows.nice", {"blocks": 4, "hidden": [32, 32]}),
        ("flows: {nice: {blocks: 7}}", "flows.nice", {"blocks": 7, "hidden": [32, 32]}),
        ("flows: {nice: {family: nice, blocks: 1}}", "flows.nice",
         {"family": "nice", "blocks": 1, "hidden": [32, 32]}),
        ("flows: {nice: {family: planar}}", "flows.nice", {"family": "planar"}),
        ("flows: {realnvp: {blocks: 2}}", "other_flows.realnvp",
         {"blocks": 2, "hidden": [64, 64]}),
        ("images: {digits: {dataset: MNIST}}", "images.digits", {"dataset": "MNIST"}),
        ("images: {digits: {epochs: 2}}", "images.digits",
         {"dataset": "digits", "batch": 64, "epochs": 2}),
        ("targets: {banana: {sigma_y: 3.0}}", "targets.banana",
         {"data": "embedded", "sigma_y": 3.0, "sigma_theta": 1.0}),
        ("targets: {banana: {file: a.py}}", "targets.banana", {"file": "a.py"}),
    ],
)  # fmt: skip
def test_an_entry_named_as_in_the_default_inherits_it_unless_it_is_another_thing(
    overlay, place, expected
):
    section, name = place.split(".")
    assert merge(yaml.safe_load(overlay), DEFAULT)[section][name] == expected


@pytest.mark.parametrize("written", ["1e4", "1.0e4", "10000", "10000.0", "'10000'", "'1e4'"])
@pytest.mark.parametrize(
    ("place", "kind"),
    [
        (("training", "iterations"), int),
        (("flows", "planar", "layers"), int),
        (("hmc", "long", "draws"), int),
        (("vaes", "vae", "hidden"), int),
        (("training", "clip"), float),
        (("training", "learning_rate"), float),
        (("targets", "banana", "sigma_y"), float),
        (("recipes", "default", "families", "planar", "clip"), float),
    ],
)
def test_a_number_is_the_number_it_means(written, place, kind):
    value = yaml.safe_load(written)
    for key in reversed(place):
        value = {key: value}
    study = complete(value)
    for key in place:
        study = study[key]
    assert study == 10000
    assert type(study) is kind


def test_a_path_is_found_beside_its_config_then_in_the_working_directory(tmp_path, monkeypatch):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir(), here.mkdir()
    monkeypatch.chdir(here)
    text = "targets: {mine: {data: y.npy}}"
    (there / "mine.yaml").write_text(text)

    def found():
        study = config.complete(yaml.safe_load(text), (str(there / "mine.yaml"),))
        return Path(study["targets"]["mine"]["data"])

    with pytest.raises(WorkflowError, match=r"targets.mine.data: no file 'y.npy' in .*there"):
        found()
    (here / "y.npy").write_text("here")
    assert found() == Path("y.npy")
    (there / "y.npy").write_text("here")
    assert found().samefile(there / "y.npy")
    (there / "y.npy").write_text("there")
    with pytest.raises(WorkflowError, match="with other content"):
        found()
