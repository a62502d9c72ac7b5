"""What a config's keys come to together: counts of images, sizes in memory, evaluations, hours."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from snakemake.exceptions import WorkflowError

from flowcheck import images, study_check, verdict
from workflow.lib import config, families, sizes, vae_config, work
from workflow.lib.names import rule_names

BANANA = {"targets": {"banana": {}}, "flows": {"planar": {"layers": 2}}}


def test_the_digits_counts_are_the_bundled_sets():
    labels = load_digits().target
    assert tuple(np.bincount(labels)) == vae_config.DIGITS
    for fraction in (0.01, 0.2, 0.2527, 0.5, 0.97):
        split = images.stratified_split(labels, fraction, np.random.default_rng(0))
        entry = {"dataset": "digits", "test_fraction": fraction}
        found = tuple(int(np.sum(split == name)) for name in ("train", "test"))
        assert vae_config.images_of(entry) == found
        assert vae_config.empty_split(entry) is None


@pytest.mark.parametrize("fraction", [0.0027, 0.9973])
def test_a_split_is_refused_when_planned_exactly_where_the_step_would(fraction):
    with pytest.raises(ValueError, match="labelled"):
        images.stratified_split(load_digits().target, fraction, np.random.default_rng(0))
    assert vae_config.empty_split({"dataset": "digits", "test_fraction": fraction})


def test_the_verdicts_limit_is_read_from_the_library():
    assert families.constant("verdict", "ESS_LIMIT") == verdict.ESS_LIMIT
    with pytest.raises(LookupError, match="NO_SUCH"):
        families.constant("verdict", "NO_SUCH")


def test_every_rule_is_known_by_its_name():
    assert {"prepare_data", "train_flow", "report", "check", "theory"} <= rule_names()


def test_this_machines_memory_is_a_limit_where_jobs_run_here():
    study = BANANA | {"hmc": {"long": {"draws": 10**6}}}  # 20 chains of it: 800 MB at least
    config.complete(study)
    config.complete(study, memory=1e9)
    with pytest.raises(WorkflowError, match=r"hmc.long.draws: .* 800 MB.* machine's 500 MB"):
        config.complete(study, memory=0.5e9)
    assert 1e8 < sizes.memory_here() < 1e15


def test_evaluations_are_counted_by_hand():
    study = config.complete(
        BANANA
        | {
            "hmc": {
                "short": {"chains": 1, "draws": 5, "warmup_draws": 5, "leapfrog_steps": 7},
                "long": {"chains": 4, "draws": 250, "warmup_draws": 50, "leapfrog_steps": 3},
            },
            "divergence": {"knn_draws": 1000},
            "training": {"iterations": 200, "samples": 10, "replicates": 3},
        }
    )
    found = work.evaluations(study)["banana"]
    assert found == {"chains": 10 * 7 + 4 * 300 * 3, "training": 200 * 10 * 3}


@pytest.mark.parametrize(
    ("steps", "words"),
    [(10**3, "50 minutes"), (10**4, "8 hours"), (10**6, "35 days"), (10**12, "95,064 years")],
)
def test_check_says_the_hours_of_what_was_asked_for(steps, words):
    look = {
        "dim": 2, "notes": [], "ms_per_call": 3.0, "points_per_call": 64,
        "ms_per_training_call": 3.0, "points_per_training_call": 512,
    }  # fmt: skip
    evaluations = {"chains": 64 * 1000 * steps, "training": 0}
    first, *_ = study_check.posterior("mine", look, "model.py", evaluations)
    assert f"about {words} of the study" in first.text
    assert first.fine is (None if steps > 2400 else True)


def test_a_key_that_one_image_set_reads_has_an_effect():
    study = {"images": {"a": {"dataset": "digits"}, "b": {"dataset": "digits", "init": "spread"}}}
    study["images"] = {name: entry | {"batch": 64} for name, entry in study["images"].items()}
    study["vaes"] = {"vae": {"init": "published", "slope": 3.0}}
    config.complete(study)
    del study["images"]["b"]["init"]
    with pytest.raises(WorkflowError, match="slope: it would have no effect") as refused:
        config.complete(study)
    assert str(refused.value).count("slope") == 1
