"""What an edit makes Snakemake run again: all that depends on it, and nothing else."""

import os

import pytest

FLOWS = ("nice", "planar", "realnvp")
TRAINING = {"train_flow", "draw_flow", "measure_divergence"}
TRUTH = {"prepare_data", "exact_truth", "run_hmc", "judge_hmc", "knn_floor"}


def flows_trained(jobs):
    """The flows that a dry run would train."""
    return {job.split()[-1] for job in jobs if job.startswith("train_flow ")}


def rules(jobs):
    return {job.split()[0] for job in jobs}


def test_made_study_is_complete(made):
    assert made.planned() == []


@pytest.mark.parametrize("flow", FLOWS)
def test_editing_a_flow_reruns_that_flow_and_what_follows(made, flow):
    path = made.folder / f"scripts/flowcheck/flows/{flow}.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    jobs = made.planned()
    assert flows_trained(jobs) == {flow}
    assert {job.split()[-1] for job in jobs if job.split()[0] in TRAINING} == {flow}
    assert "gather_divergence banana" in jobs
    assert not rules(jobs) & TRUTH


def test_editing_the_shared_networks_reruns_the_couplings(made):
    path = made.folder / "scripts/flowcheck/flows/mlp.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert flows_trained(made.planned()) == {"nice", "realnvp"}


def test_a_changed_file_is_named(made):
    path = made.folder / "scripts/flowcheck/hmc.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    said = made.snakemake("--dry-run").output
    assert "Changed since the last complete run: scripts/flowcheck/hmc.py\n" in said


def test_editing_a_target_reruns_all_that_knows_it(made):
    path = made.folder / "scripts/flowcheck/targets/banana.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    jobs = made.planned()
    assert flows_trained(jobs) == set(FLOWS)
    assert rules(jobs) >= TRUTH


def test_editing_the_verdict_trains_nothing(made):
    path = made.folder / "scripts/flowcheck/verdict.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    jobs = made.planned()
    assert {"judge_hmc", "knn_floor", "measure_divergence"} <= rules(jobs)
    assert not {"train_flow", "run_hmc", "exact_truth"} & rules(jobs)


def test_editing_a_figure_computes_nothing(made):
    path = made.folder / "scripts/flowcheck/plots/style.py"
    path.write_text(path.read_text() + "\nEDITED = True\n")
    found = rules(made.planned())
    assert "plot_elbo" in found
    assert not found & (TRAINING | TRUTH)


def test_touching_files_reruns_nothing(made):
    for path in [*made.folder.glob("scripts/**/*.py"), made.folder / "requirements.lock"]:
        os.utime(path)
    os.utime(made.results / "banana/data.npz")
    assert made.planned() == []


def test_editing_the_lock_reruns_everything(made):
    path = made.folder / "requirements.lock"
    path.write_text(path.read_text() + "# edited\n")
    jobs = made.planned()
    assert rules(jobs) >= TRAINING | TRUTH
    assert flows_trained(jobs) == set(FLOWS)


def test_changing_one_flows_config_reruns_that_flow(made):
    made.edit("config/tiny.yaml", "nice: {blocks: 2", "nice: {learning_rate: 0.5, blocks: 2")
    jobs = made.planned()
    assert flows_trained(jobs) == {"nice"}
    assert {job.split()[-1] for job in jobs if job.split()[0] in TRAINING} == {"nice"}
    assert not rules(jobs) & TRUTH


def test_changing_a_familys_recipe_reruns_that_family(made):
    made.edit("config/config.yaml", "planar: {learning_rate: 3.0e-2}", "planar: {warmup: 7}")
    assert flows_trained(made.planned()) == {"planar"}


def test_adding_a_flow_trains_that_flow_alone(made):
    made.edit(
        "config/tiny.yaml",
        "flows:\n",
        "flows:\n  aaa: {family: nice, blocks: 1, hidden: [4]}\n",
    )
    jobs = made.planned()
    assert flows_trained(jobs) == {"aaa"}
    assert {job.split()[-1] for job in jobs if job.split()[0] in TRAINING} == {"aaa"}
    assert not rules(jobs) & TRUTH


def test_removing_a_flow_trains_nothing(made):
    made.edit("config/tiny.yaml", "  nice: {blocks: 2, hidden: [8, 8]}\n", "")
    jobs = made.planned()
    assert "gather_divergence banana" in jobs
    assert not rules(jobs) & (TRAINING | TRUTH)


def test_adding_a_target_leaves_the_first_alone(made):
    path = made.folder / "config/tiny.yaml"
    path.write_text(path.read_text().replace("targets:\n", "targets:\n  wide: {sigma_y: 3.0}\n"))
    jobs = made.planned()
    assert flows_trained(jobs) == set(FLOWS)
    assert not [job for job in jobs if job.split()[0] in TRAINING | TRUTH and "wide" not in job]


def test_changing_the_seed_reruns_all_that_is_random(made):
    jobs = made.planned("--config", "seed=1")
    assert flows_trained(jobs) == set(FLOWS)
    assert {"prepare_data", "exact_truth", "run_hmc", "knn_floor", "draw_flow"} <= rules(jobs)


def test_another_name_for_the_target_names_its_own_jobs(bare):
    jobs = bare.planned("results/tiny/banana/exact.json")
    assert jobs == ["check_target banana", "exact_truth banana", "prepare_data banana"]
