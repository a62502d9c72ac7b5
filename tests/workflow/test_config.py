"""Whatever is wrong in a config is named in full, with a mend."""

import math

import pytest
import yaml
from snakemake.exceptions import WorkflowError

from tests.workflow.configs import complaint, complete
from workflow.lib import config


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
    known = "(known: data, family, file, reference, show, sigma_theta, sigma_y)"
    assert f"targets.banana.zzz: no such key {known}" in message
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
    assert "Leapfrog steps per trajectory" in complaint("hmc: {long: {leapfrog_steps: 0}}")


def test_all_problems_are_told_at_once():
    message = complaint("{seed: -1, device: gpu, flows: {nice: {samples: 0}}}")
    assert all(key in message for key in ("seed: ", "device: ", "flows.nice.samples: "))


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


def test_a_recipe_that_others_rest_on_cannot_be_removed():
    assert "recipes.default: " in complaint("recipes: {default: null}")


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


def test_nothing_left_to_study_is_an_error():
    assert "targets: " in complaint("{targets: {banana: null}, images: {digits: null}}")
    assert "vaes: " in complaint("{targets: {mine: {}}, vaes: {vae: {}}}")


@pytest.mark.parametrize(
    "key",
    ["seed", "training.iterations", "training.clip", "vae_bounds.tolerance",
     "targets.banana.sigma_y"],
)  # fmt: skip
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "inf", "1e400"])
def test_what_is_not_finite_is_refused_at_every_key(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    assert f"{key}: " in complaint(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: 1\nseed: 2\n", "line 2: seed appears twice"),
        ("training:\n  samples: 3\n  samples: 4\n", "line 3: training.samples appears twice"),
        ("training: {samples: 1:30}", "reads 1:30 in base 60"),
        ("training: {clip: .inf}", "training.clip: .inf is not a finite number"),
        ("flows: {no: {family: planar}}", "flows.no is not text but bool: write 'no'"),
        ("flows: {null: {family: planar}}", "flows.null is not text but null: write 'null'"),
    ],
)
def test_what_merging_hides_is_told_with_file_and_line(tmp_path, text, said):
    (tmp_path / "mine.yaml").write_text(text)
    user = yaml.safe_load(text)
    with pytest.raises(WorkflowError, match=r"mine\.yaml") as caught:
        config.complete(user, (str(tmp_path / "mine.yaml"),))
    assert said in str(caught.value)


def test_an_empty_mapping_does_not_hide_behind_another_files_value(tmp_path):
    (tmp_path / "a.yaml").write_text("seed: {}")
    with pytest.raises(WorkflowError, match="seed is an empty mapping"):
        config.complete({"seed": 5}, (str(tmp_path / "a.yaml"),))
