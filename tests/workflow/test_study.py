"""The tiny study, made by Snakemake: every file of the contract, its shape and its meaning."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from flowcheck import contract, files
from flowcheck.targets.banana import Target
from tests.faults.intermediate import READERS, read
from workflow.lib.imports import fingerprint, sources

FLOWS = ("planar", "nice", "realnvp")
REPLICATES, ITERATIONS = 2, 200
EVIDENCE = -208.942932897056
DIVERGENCE_COLUMNS = [
    "target", "flow", "replicate", "elbo", "elbo_se", "kl", "kl_se", "kl_forward",
    "kl_forward_se", "kl_knn", "pareto_k", "skipped_steps", "kl_mc", "kl_mc_se", "kl_forward_mc",
    "kl_forward_mc_se", "kl_shape", "kl_unseen", "eubo", "eubo_se", "tv", "c2st_best",
    "sliced_w2", "grade",
]  # fmt: skip
FILES = [
    "banana/data.npz",
    "banana/exact.json",
    "banana/exact_draws.npz",
    "banana/hmc/short.nc",
    "banana/hmc/long.nc",
    "banana/hmc/long.json",
    "banana/divergence.csv",
    "banana/knn_floor.csv",
    *(
        f"banana/flows/{flow}/{name}"
        for flow in FLOWS
        for name in (
            "model.safetensors",
            "elbo.csv",
            "draws.npz",
            "divergence.csv",
            "divergence.json",
        )
    ),
    "report.html",
    "provenance.json",
]


@pytest.fixture
def results(study):
    return study.checkout.results


def table(results, path):
    return pd.read_csv(results / path)


def test_tiny_config_is_what_these_tests_expect(study):
    tiny = yaml.safe_load((study.checkout.folder / "config/tiny.yaml").read_text())
    assert set(tiny["flows"]) == set(FLOWS)
    assert tiny["training"]["replicates"] == REPLICATES
    assert tiny["training"]["iterations"] == ITERATIONS


@pytest.mark.parametrize("path", FILES)
def test_file_is_made(results, path):
    assert (results / path).stat().st_size > 0


def test_nothing_half_written_is_left(study):
    assert not [path for path in study.checkout.results.rglob(".*")]


def test_every_log_is_there(results):
    logs = list((results / "logs").rglob("*.log"))
    assert len(logs) >= 5 + 3 * len(FLOWS)
    said = (results / "logs/banana/flows/nice/train.log").read_text()
    assert f"'iterations': {ITERATIONS}" in said  # the recipe
    assert "cpu" in said  # the device


def test_data_have_the_published_statistics(results):
    y = files.read_arrays(results / "banana/data.npz")["y"]
    assert y.shape == (100,)
    assert y.dtype == np.float64
    assert y.mean() == pytest.approx(1.1179132108624679, rel=1e-12)
    assert ((y - y.mean()) ** 2).sum() == pytest.approx(365.58995874387807, rel=1e-12)


def test_exact_truth(results):
    exact = files.read_json(results / "banana/exact.json")
    assert {"log_evidence", "mean", "variance", "method", "tolerance"} <= set(exact)
    assert abs(exact["log_evidence"] - EVIDENCE) < 1e-8
    assert exact["tolerance"] < 1e-8
    assert len(exact["mean"]) == len(exact["variance"]) == 2


def test_exact_draws(results):
    theta = files.read_arrays(results / "banana/exact_draws.npz")["theta"]
    exact = files.read_json(results / "banana/exact.json")
    assert theta.shape == (10_000, 2)
    assert theta.dtype == np.float64
    errors = np.sqrt(exact["variance"]) / 100
    assert np.all(abs(theta.mean(0) - exact["mean"]) < 4 * errors)


@pytest.mark.parametrize(("run", "chains", "draws"), [("short", 1, 500), ("long", None, None)])
def test_chains(results, run, chains, draws):
    tree = files.read_chains(results / f"banana/hmc/{run}.nc")
    theta = tree["posterior"]["theta"]
    assert list(tree["posterior"].data_vars) == ["theta"]
    assert theta.dims == ("chain", "draw", "dim")
    assert theta.dtype == np.float64
    if chains:
        assert theta.shape == (chains, draws, 2)
    else:
        assert theta.shape[0] >= 4
        assert theta.shape[0] * theta.shape[1] >= 10_000
    stats = tree["sample_stats"]
    assert set(stats.data_vars) == {"lp", "energy", "acceptance_rate", "diverging"}
    assert all(stats[name].shape == theta.shape[:2] for name in stats.data_vars)
    assert stats["diverging"].dtype.kind in "bu"
    assert np.isfinite(theta).all()


def test_log_density_of_the_chain_is_the_targets(results):
    import torch

    tree = files.read_chains(results / "banana/hmc/long.nc")
    target = Target(files.read_arrays(results / "banana/data.npz"), 2.0, 1.0)
    expected = target.log_density(torch.from_numpy(tree["posterior"]["theta"].values))
    np.testing.assert_allclose(tree["sample_stats"]["lp"].values, expected, rtol=1e-12)


def test_verdict_passes_and_says_how_it_ran(results):
    verdict = files.read_json(results / "banana/hmc/long.json")
    assert verdict["passed"] is True
    assert {"chains", "draws", "discarded", "step_size", "leapfrog_steps"} <= set(verdict)
    assert {"rhat", "ess_bulk", "ess_tail", "ebfmi", "divergent"} <= set(verdict["checks"])
    assert sum(name.startswith("moment") for name in verdict["checks"]) == 5
    for check in verdict["checks"].values():
        assert {"value", "limit", "passed"} <= set(check)
        assert check["passed"] is True


@pytest.mark.parametrize("flow", FLOWS)
def test_history(results, flow):
    history = table(results, f"banana/flows/{flow}/elbo.csv")
    assert list(history.columns) == ["iteration", "replicate", "elbo"]
    for _, one in history.groupby("replicate"):
        assert one["iteration"].is_monotonic_increasing
        assert one["iteration"].iloc[0] == 1
        assert one["iteration"].iloc[-1] == ITERATIONS
        # 200 steps bring the ELBO from wherever it began to within a few nats of the evidence.
        assert one["elbo"].iloc[0] < one["elbo"].iloc[-1]
        assert EVIDENCE - 30 < one["elbo"].iloc[-1] < EVIDENCE + 1
    assert set(history["replicate"]) == set(range(REPLICATES))


@pytest.mark.parametrize("flow", FLOWS)
def test_weights_have_all_replicates_on_the_first_axis(results, flow):
    weights = files.read_weights(results / f"banana/flows/{flow}/model.safetensors")
    assert weights
    assert all(value.shape[0] == REPLICATES for value in weights.values())
    assert not any((value[0] == value[1]).all() for value in weights.values() if value.dim() > 2)


@pytest.mark.parametrize("flow", FLOWS)
def test_flow_draws_and_their_density(results, flow):
    draws = files.read_arrays(results / f"banana/flows/{flow}/draws.npz")
    assert draws["theta"].shape == (REPLICATES, 10_000, 2)
    assert draws["log_q"].shape == (REPLICATES, 10_000)
    assert draws["theta"].dtype == draws["log_q"].dtype == np.float64
    assert all(np.isfinite(value).all() for value in draws.values())
    # The entropy of a normal of the same covariance bounds that of q, -E log q, from above.
    for theta, log_q in zip(draws["theta"], draws["log_q"], strict=True):
        bound = 0.5 * np.linalg.slogdet(2 * math.pi * math.e * np.cov(theta.T))[1]
        assert -log_q.mean() < bound + 4 * log_q.std() / 100


def test_divergences_have_their_rows_and_columns(results):
    whole = table(results, "banana/divergence.csv")
    assert list(whole.columns) == DIVERGENCE_COLUMNS
    rows = whole[["target", "flow", "replicate"]].itertuples(index=False, name=None)
    assert sorted(rows) == sorted(("banana", flow, r) for flow in FLOWS for r in range(REPLICATES))
    numbers = whole.drop(columns=["target", "flow"])
    assert not numbers.isna().any().any()
    assert (whole["skipped_steps"] == 0).all()


@pytest.mark.parametrize("flow", FLOWS)
def test_one_flows_divergences_are_its_rows_of_the_whole(results, flow):
    whole, own = (
        table(results, "banana/divergence.csv"),
        table(results, f"banana/flows/{flow}/divergence.csv"),
    )
    pd.testing.assert_frame_equal(whole[whole["flow"] == flow].reset_index(drop=True), own)


def test_divergence_is_evidence_less_elbo(results):
    for row in table(results, "banana/divergence.csv").itertuples():
        # The evidence is known to 1e-12, and 200 nats to 3e-14.
        assert row.elbo == pytest.approx(EVIDENCE - row.kl, abs=1e-10)
        assert row.elbo_se == row.kl_se
        # What quadrature states: far below anything that is shown.
        assert 0 < row.kl_se < 1e-4 * row.kl
        assert 0 < row.kl_forward_se < 1e-3 * row.kl_forward


def test_monte_carlo_agrees_with_quadrature(results):
    for row in table(results, "banana/divergence.csv").itertuples():
        assert abs(row.kl_mc - row.kl) < 5 * row.kl_mc_se
        assert abs(row.kl_forward_mc - row.kl_forward) < 5 * row.kl_forward_mc_se
        assert row.kl_mc_se > row.kl_se


def test_draws_on_disk_agree_with_the_table(results):
    import torch

    target = Target(files.read_arrays(results / "banana/data.npz"), 2.0, 1.0)
    for row in table(results, "banana/divergence.csv").itertuples():
        draws = files.read_arrays(results / f"banana/flows/{row.flow}/draws.npz")
        log_p = target.log_density(torch.from_numpy(draws["theta"][row.replicate])).numpy()
        values = log_p - draws["log_q"][row.replicate]
        assert abs(values.mean() - row.elbo) < 5 * values.std() / 100


@pytest.mark.parametrize("flow", FLOWS)
def test_what_each_replicate_misses_of_the_posterior(results, flow):
    facts = files.read_json(results / f"banana/flows/{flow}/divergence.json")
    assert (facts["target"], facts["flow"]) == ("banana", flow)
    assert (facts["method"], facts["draws"]) == ("quadrature", 10_000)
    assert len(facts["replicates"]) == REPLICATES
    for one in facts["replicates"]:
        assert one["misses_part_of_p"] == (one["missing_mass"] > 0)
        assert one["missing_mass"] < 1
    page = (results / "report.html").read_text(encoding="utf-8")
    missing = any(one["misses_part_of_p"] for one in facts["replicates"])
    assert (f"<strong>{flow} misses part of p</strong>" in page) == missing


def test_floor(results):
    floor = table(results, "banana/knn_floor.csv")
    assert list(floor.columns) == ["pair", "repeat", "n", "k", "kl_knn"]
    assert set(floor["pair"]) == {"exact-exact", "exact-hmc"}
    assert (floor["n"] == 10_000).all()
    assert (floor["k"] == 3).all()
    for _, one in floor.groupby("pair"):
        assert one["repeat"].tolist() == list(range(len(one)))
        assert len(one) >= 20
    exact = floor.loc[floor["pair"] == "exact-exact", "kl_knn"]
    assert abs(exact.mean()) < 3 * exact.std() / math.sqrt(len(exact))
    assert 0.004 < exact.std() < 0.02  # 0.0098 is known, here from 20 repeats
    assert exact.nunique() == len(exact)  # fresh draws each


def test_tables_have_one_header_and_no_run_times(results):
    for path in results.rglob("*.csv"):
        lines = path.read_text().splitlines()
        assert lines[0] not in lines[1:]
        assert not any(word in lines[0] for word in ("second", "time", "device"))
        assert len({line.count(",") for line in lines}) == 1


def test_every_file_is_what_the_contract_says(results):
    seen = set()
    for path in results.rglob("*"):
        if path.suffix in READERS and "figures" not in path.parts and path.is_file():
            read(path)
            seen.add(path.relative_to(results).as_posix())
    assert len(seen) > 60
    for place in (*contract.CONTENTS, *contract.ARRAYS, *contract.TABLES, *contract.WEIGHTS):
        pattern = dict(contract._patterns((place,)))[place]
        made_here = not any(word in place for word in ("approximations", "parts", "gaussian"))
        assert not made_here or any(pattern.search(f"x/{path}") for path in seen), place


def test_json_is_strict(results):
    for path in results.rglob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)  # NaN and Infinity


def test_every_steps_digest_is_that_of_each_project_module_it_loads(study):
    entries = [json.loads(line) for line in study.imports.read_text().splitlines()]
    rules = {entry["rule"] for entry in entries}
    assert {"prepare_data", "exact_truth", "run_hmc", "judge_hmc", "train_flow"} <= rules
    for entry in entries:
        name = f"{entry['rule']} {entry['wildcards']}"
        # Flows and targets are imported by a name from the config, where no walk can see them.
        by_name = [
            file.removeprefix("scripts/").removesuffix(".py").replace("/", ".")
            for file in entry["loaded"]
            if Path(file).parent.name in ("flows", "targets") and Path(file).stem != "__init__"
        ]
        assert set(entry["loaded"]) <= set(sources(entry["step"], *by_name)), name
        # The study ran in a copy, whose files have the same names and contents.
        assert entry["digest"] == fingerprint(entry["step"], *by_name), name


def test_second_run_does_nothing(study):
    ran = study.checkout.snakemake()
    assert ran.status == 0
    assert "Nothing to be done" in ran.output


def test_one_core_and_two_give_the_same_bytes_in_every_table(study):
    first, second = study.checkout.results, study.checkout.folder / "results/again"
    tables = sorted(path.relative_to(first) for path in first.rglob("*.csv"))
    assert len(tables) > 2 + 2 * len(FLOWS)  # those of the banana alone
    ends = [f"results/again/{path}" for path in tables]
    again = study.checkout.snakemake(
        "--cores", "1", "--config", "output=results/again", "--", *ends
    )  # fmt: skip
    assert again.status == 0, again.output
    assert tables == sorted(path.relative_to(second) for path in second.rglob("*.csv"))
    for path in tables:
        assert (first / path).read_bytes() == (second / path).read_bytes(), path
