"""Planning a study grows in proportion to it: counted in calls and jobs, not in time."""

import pstats
import re
import subprocess
import sys
from typing import NamedTuple

import pytest
import yaml

from tests.repository import ROOT, environment
from tests.workflow.scale import large_config

FLOWS, REPLICATES = 10, 30
SIZES = (3, 6, 12)
# Seconds. A dry run takes 3 to 8, counting its calls twice that; this ends a hang.
LIMIT = 600


class Plan(NamedTuple):
    """How many jobs a dry run planned, and how often it called each function, by file and name."""

    jobs: int
    calls: dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def plans(tmp_path_factory) -> dict[int, Plan]:
    """A dry run for each number of posteriors, from nothing made."""
    folder = tmp_path_factory.mktemp("scale")
    return {size: planned(size, folder) for size in SIZES}


def planned(targets: int, folder) -> Plan:
    config, profile = folder / f"{targets}.yaml", folder / f"{targets}.prof"
    config.write_text(yaml.safe_dump(large_config(targets, FLOWS, REPLICATES)))
    counting = (sys.executable, "-m", "cProfile", "-o", str(profile))
    options = ("--configfile", str(config), "--config", f"output={folder}/results")
    done = subprocess.run(
        [*counting, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--nolock", *options],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    calls = {}
    for (file, _, name), (_, count, *_) in pstats.Stats(str(profile)).stats.items():
        calls[file, name] = calls.get((file, name), 0) + count
    return Plan(int(re.search(r"^total +(\d+)", said, re.MULTILINE).group(1)), calls)


def growth(counts: list[int]) -> float:
    """What a posterior costs between the second and the third size, over that before."""
    small, middle, large = counts
    return (large - middle) / (SIZES[2] - SIZES[1]) / ((middle - small) / (SIZES[1] - SIZES[0]))


def test_every_posterior_has_its_jobs_and_no_more(plans):
    jobs = [plans[size].jobs for size in SIZES]
    assert growth(jobs) == 1
    # Per flow: training, draws, divergence, multi-sample bound. Per posterior: 8 steps towards its
    # truth, 3 tables, 7 figures and what two of them show.
    assert (jobs[1] - jobs[0]) / (SIZES[1] - SIZES[0]) == 4 * FLOWS + 19


def test_planning_grows_in_proportion(plans):
    # 1 is proportional; what doubles for each posterior when there are twice as many would be 2.
    assert growth([sum(plans[size].calls.values()) for size in SIZES]) < 1.3


def test_what_jobs_share_is_worked_out_once(plans):
    def calls(plan, file, name):
        return sum(
            n for (path, other), n in plan.calls.items() if path.endswith(file) and other == name
        )

    for file, name in [
        ("workflow/lib/entries.py", "flow_params"),
        ("workflow/lib/imports.py", "_sources"),
        ("workflow/lib/imports.py", "_imports"),
        ("workflow/lib/imports.py", "_beside"),
    ]:
        counts = [calls(plan, file, name) for plan in plans.values()]
        assert counts[0] > 0, name
        assert len(set(counts)) == 1, f"{name} is called once more for each job: {counts}"


def test_jobs_are_looked_for_when_one_has_ended_and_not_all_the_time(bare):
    goal = "results/tiny/banana/exact.json"
    ran = bare.snakemake("--verbose", "--", goal)
    assert ran.status == 0, ran.output
    jobs = len(re.findall(r"^Finished jobid", ran.output, re.MULTILINE))
    assert jobs == 3
    # Before the first, after each, and once more where one ends during a look. Snakemake by itself
    # looks every second as well, and each of these takes some seconds.
    assert len(re.findall(r"^Ready jobs", ran.output, re.MULTILINE)) <= 2 * jobs
