"""A run disturbed at its worst moment: one documented command ends it, with the same bytes.

The disturbed part is the flow of a small study whose truth is made: training, drawing, measuring.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repository import copy_to, environment, snakemake

OUTPUT = "results/faults"
FLOW = "banana/flows/planar"
GOALS = [f"{OUTPUT}/banana/divergence.csv"]
# A training of a few seconds, of which a checkpoint is kept after each third.
CONFIG = f"""\
output: {OUTPUT}
training: {{iterations: 3000, samples: 2, replicates: 2}}
flows: {{planar: {{layers: 1}}, nice: null, realnvp: null}}
divergence: {{knn_draws: 100, floor_repeats: 2, flow_draws: 5000}}
vaes: {{vae: null}}
"""
# Room on the full disk, kB: enough to train in, not for the 240 kB of draws that come next.
ROOM = 200
OPTIONS = ("--configfile", "faults.yaml", "--cores", "2")
CHECKPOINT = f"{FLOW}/unfinished/checkpoint.pt"
COMMAND = f"{sys.executable} -m snakemake {' '.join([*OPTIONS, '--', *GOALS])}"
# Shell commands, in a name space of mounts that ends with them. $1: the working folder; $2: a copy
# of it; $3: a folder for what Snakemake said and made, with the fault and after it.
ATTEMPT = f"""
attempt() {{
    {COMMAND} >"$3/$4.txt" 2>&1
    echo $? >"$3/$4.status"
    cp -a {OUTPUT} "$3/$4"
}}
"""
FULL_DISK = f"""set -u
mount -t tmpfs -o size=1g tmpfs "$1" && cp -a "$2/." "$1" && cd "$1" || exit 9
used=$(df --output=used -k . | tail -n 1)
mount -o remount,size=$((used + {ROOM}))k "$1" || exit 9
attempt "$1" "$2" "$3" fault
mount -o remount,size=1g "$1" || exit 9
attempt "$1" "$2" "$3" after
"""
READ_ONLY = """set -u
cd "$1" && mount --bind results results && mount -o remount,bind,ro results || exit 9
attempt "$1" "$2" "$3" fault
mount -o remount,bind,rw results || exit 9
attempt "$1" "$2" "$3" after
"""
# Seconds; each step takes 2 to 5 on an idle core. These end a hang.
STEP_LIMIT, RUN_LIMIT = 300, 900


class Run:
    """A working folder whose truth is made, and the Snakemake that makes the rest of it."""

    def __init__(self, folder: Path):
        self.folder, self.results = folder, folder / OUTPUT

    def start(self) -> subprocess.Popen:
        """Snakemake in a session of its own, as a terminal's foreground process group."""
        with open(self.folder / "said.txt", "w") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *OPTIONS, "--", *GOALS],
                cwd=self.folder,
                env=environment(),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A process started in the background, as a test run may be, ignores Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def finish(self) -> str:
        """The command that README.md gives; what it said."""
        done = snakemake(self.folder, *OPTIONS, "--", *GOALS, limit=RUN_LIMIT)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def said(self) -> str:
        return (self.folder / "said.txt").read_text()

    def log(self) -> str:
        return (self.results / f"logs/{FLOW}/train.log").read_text()

    def training(self) -> int:
        """The process number of the training, once it has kept a checkpoint."""
        wait_for((self.results / CHECKPOINT).exists)
        (process,) = processes(f"{self.folder}/.*train_flow.py")
        return process


def processes(pattern: str) -> list[int]:
    """The numbers of the processes whose command line matches, this one aside."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if re.search(pattern, command) and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def wait_for(condition, limit=STEP_LIMIT):
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"{condition} is not met after {limit} s"
        time.sleep(0.05)


def contents(results: Path) -> dict[str, bytes]:
    """Every table, verdict, array and weight, by path; run times and logs are left out."""
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix != ".log" and not path.name.endswith("run.json")
    }


def half_made(results: Path) -> list[str]:
    """Temporary files, which only a process that was killed outright may leave."""
    return [str(path) for path in results.rglob(".*")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Run:
    """The study, made without a fault. To be read, never changed."""
    folder = copy_to(tmp_path_factory.mktemp("undisturbed") / "copy")
    (folder / "faults.yaml").write_text(CONFIG)
    run = Run(folder)
    run.finish()
    assert f"{FLOW}/model.safetensors" in contents(run.results)
    return run


@pytest.fixture
def run(undisturbed, tmp_path) -> Run:
    """A copy of that study with its truth made and nothing of its flow."""
    shutil.copytree(undisturbed.folder, tmp_path / "copy", copy_function=shutil.copy2)
    run = Run(tmp_path / "copy")
    shutil.rmtree(run.results / "banana/flows")
    (run.results / "banana/divergence.csv").unlink()
    return run


def assert_as_if_nothing_had_happened(run: Run, undisturbed: Run):
    made, expected = contents(run.results), contents(undisturbed.results)
    assert set(made) == set(expected)
    assert [path for path in expected if made[path] != expected[path]] == []
    assert half_made(run.results) == []


def test_a_training_that_was_killed_goes_on(run, undisturbed):
    started = run.start()
    os.kill(run.training(), signal.SIGKILL)
    assert started.wait(STEP_LIMIT) == 1
    assert "Error in rule train_flow" in run.said()
    assert not (run.results / FLOW / "model.safetensors").exists()
    # As if it had been killed in the midst of writing.
    (run.results / FLOW / ".4242.model.safetensors").write_text("half of it")
    run.finish()
    assert f"going on from {OUTPUT}/{CHECKPOINT}" in run.log()
    assert_as_if_nothing_had_happened(run, undisturbed)


def test_snakemake_that_was_killed_ends_its_jobs_and_is_unlocked(run, undisturbed):
    started = run.start()
    training = run.training()
    started.kill()
    started.wait(STEP_LIMIT)
    wait_for(lambda: not Path(f"/proc/{training}").exists(), limit=20)
    assert "Snakemake is gone: this step ends too" in run.log()
    refused = snakemake(run.folder, *OPTIONS, "--", *GOALS, limit=RUN_LIMIT)
    assert refused.returncode == 1
    assert "--unlock" in refused.stdout
    unlocked = snakemake(run.folder, "--unlock", limit=RUN_LIMIT)
    assert unlocked.returncode == 0, unlocked.stdout
    run.finish()
    assert f"going on from {OUTPUT}/{CHECKPOINT}" in run.log()
    assert_as_if_nothing_had_happened(run, undisturbed)


def test_an_orphan_that_wakes_up_after_the_next_run_does_no_harm(run, undisturbed):
    started = run.start()
    orphan = run.training()
    os.kill(orphan, signal.SIGSTOP)  # it does not notice that Snakemake is gone
    try:
        started.kill()
        started.wait(STEP_LIMIT)
        assert snakemake(run.folder, "--unlock", limit=RUN_LIMIT).returncode == 0
        run.finish()
        made = {path: (run.results / path).stat().st_mtime_ns for path in contents(run.results)}
        os.kill(orphan, signal.SIGCONT)
        wait_for(lambda: not Path(f"/proc/{orphan}").exists())
    finally:
        if Path(f"/proc/{orphan}").exists():
            os.kill(orphan, signal.SIGKILL)
    assert_as_if_nothing_had_happened(run, undisturbed)
    assert {p: (run.results / p).stat().st_mtime_ns for p in made} == made


def test_ctrl_c_stops_everything_and_the_same_command_goes_on(run, undisturbed):
    started = run.start()
    training = run.training()
    os.killpg(started.pid, signal.SIGINT)
    assert started.wait(STEP_LIMIT) != 0
    assert "stopped: train_flow banana planar" in run.said()
    assert "Traceback" not in run.said()
    wait_for(lambda: not Path(f"/proc/{training}").exists())
    assert not (run.results / FLOW / "model.safetensors").exists()
    run.finish()
    assert f"going on from {OUTPUT}/{CHECKPOINT}" in run.log()
    assert_as_if_nothing_had_happened(run, undisturbed)


def test_a_second_snakemake_is_refused_and_harms_nothing(run, undisturbed):
    started = run.start()
    training = run.training()
    os.kill(training, signal.SIGSTOP)  # so that the first is still at work, however slow the second
    try:
        second = snakemake(run.folder, *OPTIONS, "--", *GOALS, limit=RUN_LIMIT)
    finally:
        os.kill(training, signal.SIGCONT)
    assert second.returncode == 1
    assert "Directory cannot be locked" in second.stdout
    assert started.wait(RUN_LIMIT) == 0, run.said()
    assert "going on from" not in run.log()
    assert_as_if_nothing_had_happened(run, undisturbed)


def in_name_space(script: str, run: Run, scratch: Path) -> tuple[str, Run, Run]:
    """Run a script of mounts; what Snakemake said to the fault, and its results then and after."""
    copy = shutil.copytree(run.folder, scratch / "source", copy_function=shutil.copy2)
    rights = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    shell = ["sh", "-c", ATTEMPT + script, "sh", *map(str, (run.folder, copy, scratch))]
    done = subprocess.run(
        ["unshare", *rights, "--mount", *shell],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * RUN_LIMIT,
    )
    # A failure, never a skip: what was not run has not passed.
    assert (scratch / "after.status").exists(), (
        "this test mounts a small disk of its own, for which it needs root or unprivileged user "
        f"name spaces (unshare --user --mount); here: {done.stdout}{done.stderr}"
    )
    assert (scratch / "fault.status").read_text() == "1\n"
    assert (scratch / "after.status").read_text() == "0\n", (scratch / "after.txt").read_text()
    with_fault, after = Run(run.folder), Run(run.folder)
    with_fault.results, after.results = scratch / "fault", scratch / "after"
    return (scratch / "fault.txt").read_text(), with_fault, after


def test_a_full_disk_leaves_whole_files_only(run, undisturbed, tmp_path):
    said, with_fault, after = in_name_space(FULL_DISK, run, tmp_path)
    assert "No space left on device" in said
    expected = contents(undisturbed.results)
    for path, content in contents(with_fault.results).items():
        assert content == expected[path], path
    assert f"{FLOW}/model.safetensors" in contents(with_fault.results)
    assert f"{FLOW}/draws.npz" not in contents(with_fault.results)
    assert half_made(with_fault.results) == []
    assert_as_if_nothing_had_happened(after, undisturbed)


def test_results_that_cannot_be_written_are_an_error_that_says_so(run, undisturbed, tmp_path):
    before = contents(run.results)
    said, with_fault, after = in_name_space(READ_ONLY, run, tmp_path)
    assert "Read-only file system" in said
    assert contents(with_fault.results) == before
    assert_as_if_nothing_had_happened(after, undisturbed)
