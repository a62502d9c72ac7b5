"""The between-workflow cache: a second clone computes nothing, and no two jobs share a key."""

import re
from pathlib import Path

import numpy as np
import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, Quietness, ResourceSettings

from flowcheck.observations import embedded
from tests.repository import FULL_ACCOUNT, ROOT, copy_to, snakemake

# One flow, trained for a moment, on data of our own. The long HMC run must pass its verdict.
CONFIG = """\
seed: {seed}
output: results/reduced
targets: {{banana: {{data: y.npy}}}}
training: {{iterations: 20, warmup: 0, replicates: 1}}
flows: {{planar: {{layers: 1}}}}
divergence: {{knn_draws: 1000, floor_repeats: 2}}
hmc: {{short: {{leapfrog_steps: 10, warmup_draws: 100}}}}
"""
DATA, TRAINING = "banana/data.npz", "banana/flows/planar/run.json"
REPORT = "report.html"
# Seconds. The first run takes 30 to 70 on two cores, any other under 10; the limit ends a hang.
LIMIT = 300


class Clone:
    """A copy of the repository that shares a cache with others."""

    def __init__(self, folder: Path, cache: Path, y=None):
        self.folder, self.cache = copy_to(folder), cache
        np.save(self.folder / "y.npy", embedded(np.random.default_rng(1)) if y is None else y)

    def run(self, *goals: str, seed: int = 1) -> tuple[set[str], set[str]]:
        """Make the goals; return the outputs that were computed, and those restored."""
        (self.folder / "reduced.yaml").write_text(CONFIG.format(seed=seed))
        paths = [f"results/reduced/{goal}" for goal in goals]
        options = ("--cores", "2", "--cache", "--configfile", "reduced.yaml", *FULL_ACCOUNT, "--")
        cache = {"SNAKEMAKE_OUTPUT_CACHE": str(self.cache)}
        done = snakemake(self.folder, *options, *paths, limit=LIMIT, **cache)
        assert done.returncode == 0, done.stdout
        # What a step computes is moved into the cache and then linked back.
        computed, linked = (
            set(re.findall(rf"{word} output file results/reduced/(\S+)", done.stdout))
            for word in ("Moving", "Symlinking")
        )
        return computed, linked - computed

    def outputs(self) -> dict[str, bytes]:
        results = self.folder / "results/reduced"
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in results.rglob("*")
            if path.is_file() and path.suffix != ".log"
        }


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A clone that has run, and so filled the cache."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "cache").mkdir()
    clone = Clone(folder / "first", folder / "cache")
    computed, restored = clone.run(REPORT)
    assert {DATA, TRAINING, REPORT} <= computed
    assert not restored
    return clone


def test_a_second_clone_computes_nothing(first, tmp_path):
    second = Clone(tmp_path / "second", first.cache)
    computed, restored = second.run(REPORT)
    assert computed == set()
    assert restored == set(first.outputs())
    assert second.outputs() == first.outputs()


def test_a_changed_param_misses(first, tmp_path):
    computed, _ = Clone(tmp_path / "clone", first.cache).run(DATA, seed=2)
    assert computed == {DATA}


def test_changed_data_miss(first, tmp_path):
    computed, _ = Clone(tmp_path / "clone", first.cache, y=np.arange(9.0)).run(DATA)
    assert computed == {DATA}


def test_changed_code_misses_in_the_steps_that_use_it_only(first, tmp_path):
    clone = Clone(tmp_path / "clone", first.cache)
    with open(clone.folder / "scripts/flowcheck/flows/planar.py", "a") as module:
        module.write("# a change\n")
    computed, restored = clone.run(TRAINING)
    assert TRAINING in computed
    assert restored == {DATA, "banana/check.json"}


def cache_faults(snakefile: Path) -> list[str]:
    """What keeps rules that make files from safe caching: keys hold params, not wildcards."""
    faults = []
    output = OutputSettings(quiet={Quietness.ALL})
    with SnakemakeApi(output) as api:
        # The rules as Snakemake reads them; its public interface runs them but does not list them.
        rules = api.workflow(
            resource_settings=ResourceSettings(), snakefile=snakefile
        )._workflow.rules
        for rule in (rule for rule in rules if rule.output):
            if not (rule.cache and rule.cache.output):
                faults.append(f"{rule.name}: add `cache: True`")
            for name in sorted(rule.wildcard_names):
                if f"{{{name}}}" not in rule.params:
                    faults.append(f'{rule.name}: add {name}="{{{name}}}" to its params')
    return faults


def test_every_rule_is_cached_and_names_its_wildcards_in_its_params(monkeypatch):
    monkeypatch.setenv("SNAKEMAKE_OUTPUT_CACHE", "in use")
    assert cache_faults(ROOT / "Snakefile") == []


def test_a_rule_that_omits_a_wildcard_or_the_cache_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rules = """\
rule careless:
    output: table="{target}/{flow}.csv"
    cache: True
    params: target="{target}", path="{target}/{flow}"
    shell: "touch {output}"

rule uncached:
    output: "{target}.csv"
    params: target="{target}"
    shell: "touch {output}"
"""
    (tmp_path / "Snakefile").write_text(rules)
    assert cache_faults(tmp_path / "Snakefile") == [
        'careless: add flow="{flow}" to its params',
        "uncached: add `cache: True`",
    ]
