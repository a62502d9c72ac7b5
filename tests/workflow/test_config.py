"""The config: what ships is valid, and whatever is wrong is named in full, with a mend."""

import copy
from pathlib import Path

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config, validate

from workflow.lib.config import SCHEMA, check, flow_params, named, own_data, read_schema

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def config_with(*overlays):
    """The default config with overlays, merged as Snakemake merges its --configfile."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    for overlay in overlays:
        update_config(config, yaml.safe_load(overlay) if isinstance(overlay, str) else overlay)
    return config


def complete(*overlays):
    """The same, checked and with the schema's defaults filled in, as the rules see it."""
    config = config_with(*overlays)
    check(config, read_schema())
    validate(config, str(SCHEMA))
    return config


def complaint(*overlays):
    """The message about a config that cannot be used."""
    with pytest.raises(WorkflowError) as caught:
        check(config_with(*overlays), read_schema())
    return str(caught.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_valid(name):
    config = complete((ROOT / "config" / name).read_text())
    for flow in named(config["flows"]):
        flow_params(config, flow)


def test_default_config_says_what_the_schemas_defaults_say():
    # A key left out of a user's own complete config must mean what the default study means.
    shipped = config_with()
    stripped = {key: shipped[key] for key in ("hmc", "recipes", "flows")}
    stripped["targets"] = {"banana": {}}
    check(stripped, read_schema())
    validate(stripped, str(SCHEMA))
    shipped["targets"]["banana"]["family"] = "banana"
    for key in ("seed", "output", "device", "targets", "divergence", "training", "theory"):
        assert stripped[key] == shipped[key], key


def test_defaults_are_filled_in_for_named_entries():
    config = complete("targets: {mine: {data: embedded}}")
    assert config["targets"]["mine"] == {
        "family": "banana",
        "data": "embedded",
        "sigma_y": 2.0,
        "sigma_theta": 1.0,
    }
    assert complete("hmc: {long: {chains: 7}}")["hmc"]["long"]["leapfrog_steps"] == 40


@pytest.mark.parametrize(
    ("overlay", "key", "nearest"),
    [
        ("sed: 3", "sed", "seed"),
        ("targets: {banana: {sigma: 3.0}}", "targets.banana.sigma", "sigma_y"),
        ("flows: {nice: {block: 3}}", "flows.nice.block", "blocks"),
        ("training: {itrations: 3}", "training.itrations", "iterations"),
        ("hmc: {long: {leapfrog_step: 3}}", "hmc.long.leapfrog_step", "leapfrog_steps"),
        ("hmc: {longer: {}}", "hmc.longer", "long"),
        ("divergence: {flow_draw: 1000}", "divergence.flow_draw", "flow_draws"),
        ("recipes: {default: {ema_decy: 0.9}}", "recipes.default.ema_decy", "ema_decay"),
        (
            "recipes: {default: {families: {nice: {activations: relu}}}}",
            "recipes.default.families.nice.activations",
            "activation",
        ),
    ],
)
def test_unknown_key_is_named_in_full_with_the_nearest(overlay, key, nearest):
    message = complaint(overlay)
    assert f"{key}: no such key" in message
    assert f"did you mean '{nearest}'?" in message


@pytest.mark.parametrize(
    ("overlay", "key", "new"),
    [
        ("hmc: {long: {discarded: 3}}", "hmc.long.discarded", "warmup_draws"),
        ("hmc: {long: {start: origin}}", "hmc.long.start", "init"),
        ("training: {average: 0.9}", "training.average", "ema_decay"),
        ("flows: {nice: {start: published}}", "flows.nice.start", "init"),
        ("vaes: {vae: {start: spread}}", "vaes.vae.start", "init"),
    ],
)
def test_a_renamed_key_is_refused_with_its_new_name(overlay, key, new):
    assert f"{key}: this key is now called '{new}'" in complaint(overlay)


def test_unknown_key_like_no_other_lists_what_is_known():
    message = complaint("targets: {banana: {zzz: 3.0}}")
    assert "targets.banana.zzz: no such key (known: data, family, sigma_theta, sigma_y)" in message
    assert "did you mean" not in message


@pytest.mark.parametrize("overlay", ["1: 2", "targets: {banana: {1: 2}}", "flows: {1: {}, a: {}}"])
def test_key_that_is_no_text_is_a_config_error_too(overlay):
    assert "1" in complaint(overlay)


@pytest.mark.parametrize(
    ("overlay", "key"),
    [
        ("seed: -1", "seed"),
        ("seed: 1.5", "seed"),
        ("seed: null", "seed"),
        ("output: ''", "output"),
        ("device: gpu", "device"),
        ("targets: {banana: {sigma_y: 0.0}}", "targets.banana.sigma_y"),
        ("targets: {banana: 3}", "targets.banana"),
        ("targets: null", "targets"),
        ("hmc: {long: {chains: 0}}", "hmc.long.chains"),
        ("hmc: {long: {jitter: 1.0}}", "hmc.long.jitter"),
        ("hmc: {long: {init: here}}", "hmc.long.init"),
        ("hmc: {short: {target_acceptance: 1.5}}", "hmc.short.target_acceptance"),
        ("training: {samples: many}", "training.samples"),
        ("training: {replicates_per_job: 0}", "training.replicates_per_job"),
        ("flows: {nice: {replicates_per_job: 1.5}}", "flows.nice.replicates_per_job"),
        ("flows: {nice: {hidden: []}}", "flows.nice.hidden"),
        ("flows: {nice: {hidden: [8, -1]}}", "flows.nice.hidden.1"),
        ("flows: {nice: {activation: gelu}}", "flows.nice.activation"),
        ("flows: {nice: {ema_decay: 1.0}}", "flows.nice.ema_decay"),
        ("recipes: {default: {clip: 0.0}}", "recipes.default.clip"),
        ("recipes: {mine: {clip: 1.0}}", "recipes.mine"),
        ("divergence: {flow_draws: 10}", "divergence.flow_draws"),
        ("divergence: {exact_draws: 10}", "divergence.exact_draws"),
    ],
)
def test_bad_value_is_named_in_full(overlay, key):
    message = complaint(overlay)
    assert f"\n  {key}: " in message
    assert message.startswith("The config cannot be used")


def test_bad_value_comes_with_the_keys_description():
    assert "Standard deviation of the noise" in complaint("targets: {banana: {sigma_y: -1.0}}")


@pytest.mark.parametrize("key", ["learning_rate", "weight_decay"])
def test_exponent_that_yaml_reads_as_text_gets_a_hint(key):
    message = complaint(f"flows: {{nice: {{{key}: 1e-3}}}}")
    assert f"flows.nice.{key}" in message
    assert "write 1.0e-3" in message
    assert "write 1.0e-3" not in complaint(f"flows: {{nice: {{{key}: fast}}}}")


def test_all_problems_are_told_at_once():
    message = complaint("{seed: -1, device: gpu, flows: {nice: {blocks: 0}}}")
    assert all(key in message for key in ("seed: ", "device: ", "flows.nice.blocks: "))


@pytest.mark.parametrize("name", ["my-flow", "a b", "1st", "a/b", "a.b", ""])
def test_names_are_fit_for_a_folder(name):
    for section in ("targets", "flows", "recipes"):
        message = complaint({section: {name: {}}})
        assert f"{section}: " in message
        assert f"'{name}'" in message


def test_unknown_recipe_is_named_with_the_nearest():
    message = complaint("training: {recipe: defult}")
    assert "training.recipe: no recipe 'defult'" in message
    assert message.count("did you mean 'default'?") == 1  # not once more for each flow
    message = complaint("flows: {nice: {recipe: curse}}")
    assert "flows.nice.recipe: no recipe 'curse'" in message
    assert "did you mean 'course'?" in message


@pytest.mark.parametrize("place", ["vaes: {vae", "images: {digits"])
def test_unknown_recipe_of_an_autoencoder_is_named_with_the_nearest(place):
    message = complaint(f"{place}: {{recipe: defualt}}}}")
    where = place.replace(": {", ".")
    assert f"{where}.recipe: no recipe 'defualt' under vae_recipes" in message
    assert "did you mean 'default'?" in message


def test_removed_recipe_is_unknown():
    assert "no recipe 'default'" in complaint("recipes: {default: null}")


def test_unknown_family_names_the_file_it_would_be():
    message = complaint("flows: {realnpv: {blocks: 2}}")
    assert "flows.realnpv: no family 'realnpv'" in message
    assert "scripts/flowcheck/flows/realnpv.py" in message
    assert "did you mean 'realnvp'?" in message
    message = complaint("targets: {banana: {family: bananna}}")
    assert "targets.banana: no family 'bananna'" in message
    assert "did you mean 'banana'?" in message


@pytest.mark.parametrize("helper", ["base", "mlp"])
def test_a_module_that_flows_share_is_no_family(helper):
    assert f"flows.{helper}: no family '{helper}'" in complaint({"flows": {helper: {}}})


@pytest.mark.parametrize("name", ["vae", "theory", "figures", "report", "logs"])
def test_targets_cannot_take_the_names_of_the_results(name):
    assert f"targets.{name}: the results use that name" in complaint({"targets": {name: {}}})


def test_missing_data_file_is_an_error_before_anything_runs():
    message = complaint("targets: {banana: {data: no/such.npy}}")
    assert "targets.banana.data: no file 'no/such.npy'" in message
    assert "did you mean 'embedded'?" in complaint("targets: {banana: {data: embeded}}")


def test_data_file_is_an_input_and_the_two_words_are_not(tmp_path):
    path = tmp_path / "y.npy"
    path.touch()
    config = complete({"targets": {"mine": {"data": str(path)}}})
    assert own_data(config["targets"]["mine"]) == [str(path)]
    assert own_data(config["targets"]["banana"]) == []
    assert own_data({"data": "course"}) == []


def test_null_removes_an_entry():
    config = complete("flows: {planar: null}", "targets: {banana: null, other: {}}")
    assert set(named(config["flows"])) == {"nice", "realnvp"}
    assert set(named(config["targets"])) == {"other"}


def test_nothing_left_to_study_is_an_error():
    assert "targets: " in complaint("targets: {banana: null}")
    assert "flows: " in complaint("flows: {planar: null, nice: null, realnvp: null}")


def test_more_neighbour_draws_than_are_kept_is_an_error():
    message = complaint("divergence: {knn_draws: 20000}")
    assert "divergence.knn_draws: " in message
    assert "flow_draws" in message


@pytest.mark.parametrize(
    ("overlay", "flow", "key"),
    [
        ("flows: {planar: {hidden: [8]}}", "planar", "hidden"),
        ("flows: {more: {family: nice, layers: 3, blocks: 2, hidden: [8]}}", "more", "layers"),
        ("flows: {more: {family: nice, hidden: [8]}}", "more", "blocks"),
        ("recipes: {default: {families: {nice: {scale_bound: 2.0}}}}", "nice", "scale_bound"),
    ],
)
def test_size_that_a_family_does_not_have_or_lacks_is_an_error(overlay, flow, key):
    message = complaint(overlay)
    assert f"flows.{flow}.{key}: " in message


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
        config = complete(recipe, *layers[:count])
        assert flow_params(config, "nice")["recipe"]["learning_rate"] == float(count)
    assert flow_params(config, "realnvp")["recipe"]["learning_rate"] == 3.0
    assert flow_params(complete(*layers[:2]), "realnvp")["recipe"]["learning_rate"] == 1.0


def test_null_is_a_setting_like_any_other():
    config = complete("training: {clip: null}")
    assert flow_params(config, "nice")["recipe"]["clip"] is None


def test_flow_takes_another_recipe_and_family():
    config = complete((ROOT / "config/course.yaml").read_text())
    course = flow_params(config, "realnvp_course")
    assert (course["family"], course["recipe_name"]) == ("realnvp", "course")
    assert course["sizes"]["activation"] == "relu"
    assert course["sizes"]["scale_bound"] is None
    assert course["recipe"]["gradient"] == "total"
    assert flow_params(config, "realnvp")["recipe"]["gradient"] == "path"


def test_one_flows_setting_changes_no_other():
    before, after = (
        complete(),
        complete("flows: {nice: {blocks: 7}, more: {family: nice, blocks: 1, hidden: [2]}}"),
    )
    for flow in ("planar", "realnvp"):
        assert flow_params(before, flow) == flow_params(after, flow)
    assert flow_params(before, "nice") != flow_params(after, "nice")


def test_checking_changes_nothing():
    config = config_with()
    before = copy.deepcopy(config)
    check(config, read_schema())
    flow_params(complete(), "nice")
    assert config == before


def test_the_theorys_target_is_one_there_is():
    message = complaint("theory: {target: bananna}")
    assert "theory.target: no target 'bananna'" in message
    assert "did you mean 'banana'?" in message
    assert complete("theory: {target: banana}")["theory"]["target"] == "banana"


@pytest.mark.parametrize(
    ("multisample", "smaller", "larger"),
    [
        ("{samples: [1, 2, 5]}", 2, 5),
        ("{samples: [1, 3]}", 3, 200000),
        ("{draws: 1000}", 1000, 1000),
    ],
)
def test_numbers_of_samples_that_do_not_nest_are_named(multisample, smaller, larger):
    message = complaint(f"theory: {{multisample: {multisample}}}")
    assert f"theory.multisample.samples: {smaller} does not divide {larger}" in message
