"""The tiny study on a SLURM cluster: through SLURM, one job per GPU, failures that can be found."""

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.repository import FULL_ACCOUNT, copy_to, snakemake

pytestmark = pytest.mark.slurm

PROFILE = Path("profiles/slurm/config.yaml")
# Status checks are 40 s apart unless told, far longer than any step here.
OPTIONS = ("--slurm-init-seconds-before-status-checks", "4", "--latency-wait", "10")
STUDY = ("--configfile", "config/tiny.yaml")
# Seconds: these end a hang, also on a machine that has other work.
STUDY_LIMIT, JOB_LIMIT = 1800, 600
# A submission costs 5 to 6 s, so short steps share one: `groups` in the profile.
SUBMISSIONS = 21
HEAVY = {"run_hmc", "train_flow", "measure_divergence", "knn_floor"}


@pytest.fixture(scope="module")
def study(cluster, tmp_path_factory):
    """The tiny study, run on the cluster: its folder, Snakemake's output, SLURM's own records."""
    folder = copy_to(tmp_path_factory.mktemp("study") / "flowcheck")
    options = ("--workflow-profile", str(PROFILE.parent), *STUDY, *OPTIONS, *FULL_ACCOUNT)
    done = snakemake(folder, *options, limit=STUDY_LIMIT)
    assert done.returncode == 0, done.stdout
    return folder, done.stdout, cluster.jobs()


def test_every_step_but_the_local_ones_ran_through_slurm(study):
    folder, output, jobs = study
    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", output)
    assert sorted(submitted) == sorted(job["JobId"] for job in jobs)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    local = set(re.findall(r"^localrule (\w+):", output, re.MULTILINE))
    remote = set(re.findall(r"^ *rule (\w+):", output, re.MULTILINE))
    assert remote >= HEAVY
    assert not local & remote
    assert len(jobs) <= SUBMISSIONS
    # SLURM knows each job by the rules in it; of a group's, Snakemake names five and then "...".
    comments = [job["Comment"] for job in jobs]
    kinds = dict(re.findall(r"^ *- (\w+)=(\w+)$", (folder / PROFILE).read_text(), re.MULTILINE))
    unnamed = {rule for rule in remote if not any(rule in comment for comment in comments)}
    cut = " ".join(comment for comment in comments if "..." in comment)
    assert {rule for rule in unnamed if kinds.get(rule, rule) not in cut} == set()


def test_two_gpu_jobs_never_shared_the_gpu(study):
    *_, jobs = study
    on_gpu = sorted(span(job) for job in jobs if job.get("TresPerJob") == "gres:gpu:1")
    elsewhere = [span(job) for job in jobs if "TresPerJob" not in job]
    # Three flows; two autoencoders, each trained and then measured.
    rules = [job["Comment"].split("_wildcards_")[0] for job in jobs if "TresPerJob" in job]
    assert Counter(rules) == {"rule_train_flow": 3, "rule_train_vae": 2, "rule_measure_vae": 2}
    for (_, end), (start, _) in pairwise(on_gpu):
        assert end <= start  # whole seconds: one may end and the next begin within the same
    # Not for want of processors or memory: other jobs ran beside them.
    assert any(a < end and start < b for a, b in on_gpu for start, end in elsewhere)


def test_training_sees_the_gpu_that_slurm_gave_it(study):
    folder, *_ = study
    logs = sorted((folder / "results/tiny/logs/banana/flows").glob("*/train.log"))
    assert len(logs) == 3
    for log in logs:
        assert "CUDA_VISIBLE_DEVICES=0\n" in log.read_text()


def test_nothing_is_left_to_run(study):
    folder, *_ = study
    done = snakemake(folder, "--dry-run", *STUDY, limit=JOB_LIMIT)
    assert "Nothing to be done" in done.stdout


@pytest.fixture(scope="module")
def failure(study, cluster):
    """One training that fails, on a site that wants --gres and keeps its GPUs apart."""
    folder, *_, before = study
    site = folder / "site/config.yaml"
    site.parent.mkdir()
    # The profile's commented lines, with the # taken away as it says.
    profile = (folder / PROFILE).read_text()
    site.write_text(re.sub(r"^#( *[\w-]+:)", r"\1", profile, flags=re.MULTILINE))
    with open(folder / "scripts/train_flow.py", "a") as script:
        script.write('\nraise KeyError("planted failure")\n')
    goal = "results/tiny/banana/flows/nice/model.safetensors"
    options = ("--workflow-profile", "site", *STUDY, *OPTIONS, "--retries", "0", "--", goal)
    done = snakemake(folder, *options, limit=JOB_LIMIT)
    assert done.returncode == 1, done.stdout
    old = {job["JobId"] for job in before}
    (job,) = (job for job in cluster.jobs() if job["JobId"] not in old)
    return folder, done.stdout, job


def test_a_failing_job_leads_to_its_log(failure):
    folder, output, job = failure
    step_log = "results/tiny/logs/banana/flows/nice/train.log"
    # Snakemake's message names both: the step's own log, and what SLURM kept of the job.
    named = [line for line in output.splitlines() if line.strip().startswith("log: ")]
    assert any(step_log in line and job["StdOut"] in line for line in named)
    assert "KeyError: 'planted failure'" in (folder / step_log).read_text()
    assert "KeyError: 'planted failure'" in output
    assert Path(job["StdOut"]).is_file()


def test_the_sites_own_values_reach_slurm(failure):
    folder, _, job = failure
    assert job["Partition"] == "gpu"
    assert job["Account"] == "my_project"
    assert job["TresPerNode"] == "gres:gpu:1"
    log = folder / "results/tiny/logs/banana/flows/nice/train.log"
    assert "CUDA_VISIBLE_DEVICES=0\n" in log.read_text()


def span(job):
    """When a job began and ended."""
    return tuple(datetime.fromisoformat(job[name]) for name in ("StartTime", "EndTime"))
