"""The cluster's profile knows the rules: what takes a GPU, what shares a submission."""

import re

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, Quietness, ResourceSettings

from tests.repository import ROOT

TEXT = (ROOT / "profiles/slurm/config.yaml").read_text()
# The commented lines, with the # taken away as the profile says.
SITE = yaml.safe_load(re.sub(r"^#( *[\w-]+:)", r"\1", TEXT, flags=re.MULTILINE))
GROUPED = dict(entry.split("=") for entry in SITE["groups"])


@pytest.fixture(scope="module")
def rules():
    """The workflow's rules, as Snakemake reads them, by name."""
    with (
        SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api,
        pytest.MonkeyPatch.context() as at,
    ):
        at.chdir(ROOT)
        workflow = api.workflow(resource_settings=ResourceSettings(), snakefile=ROOT / "Snakefile")
        return {rule.name: rule for rule in workflow._workflow.rules}


def test_every_step_that_asks_for_a_gpu_has_its_lines_for_a_site(rules):
    on_gpu = {name for name, rule in rules.items() if "gpu" in dict(rule.resources.items())}
    assert {"train_flow", "train_vae"} <= on_gpu
    assert set(SITE["set-resources"]) == on_gpu
    for settings in SITE["set-resources"].values():
        assert set(settings) == {"gpu", "gres", "slurm_partition"}


def test_no_step_that_asks_for_a_gpu_shares_a_submission(rules):
    # The steps of a group share one partition, and their GPUs would add up.
    assert not set(SITE["set-resources"]) & set(GROUPED)


def test_groups_hold_rules_there_are_that_go_to_the_cluster(rules):
    assert set(GROUPED) <= set(rules)
    local = rules["gather_divergence"].workflow._localrules
    assert "gather_divergence" in local
    assert not set(GROUPED) & set(local)


def test_every_group_component_is_of_a_group():
    components = dict(entry.split("=") for entry in SITE["group-components"])
    assert set(components) <= set(GROUPED.values())


def test_every_figure_shares_a_submission_or_stays_on_the_login_node(rules):
    local = rules["gather_divergence"].workflow._localrules
    figures = {name for name in rules if name.startswith("plot_")}
    assert len(figures) > 10
    assert figures <= set(GROUPED) | set(local)
