"""Checkpoints: a training cut off ends the same, and no run takes up or disturbs another's."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from flowcheck import histories, training
from flowcheck.checkpoints import Checkpoint, TakenOver
from flowcheck.flows import make_flow
from flowcheck.training import Recipe, train

ROOT = Path(__file__).resolve().parents[2]
# Seconds; killed long before, this ends a hang.
LIMIT = 120
BY_DEFAULT, EVERY, KEPT_AT = training.CHECKPOINT_EVERY, 100, 200
RECIPE = Recipe(
    iterations=450,
    samples=10,
    learning_rate=0.03,
    schedule="cosine",
    warmup=10,
    clip=10.0,
    weight_decay=1e-3,
    gradient="path",
    ema_decay=0.99,
    init="near_identity",
)
# A training in a process of its own, which dies without a word right after a checkpoint.
DIES = f"""
import os, signal, sys
from flowcheck import checkpoints, training
from tests.flowcheck.test_checkpoints import KEPT_AT, trained

keep = checkpoints.Checkpoint.keep

def keep_and_die(self, state):
    keep(self, state)
    if len(state["elbo"]) == KEPT_AT:
        os.kill(os.getpid(), signal.SIGKILL)

checkpoints.Checkpoint.keep = keep_and_die
training.CHECKPOINT_EVERY = {EVERY}
trained(checkpoints.Checkpoint(sys.argv[1]))
"""


def log_density(x):
    return -0.5 * (x - 1.0).square().sum(-1)


def trained(checkpoint=None, seeds=(1, 2), progress=iter, **changes):
    flow = make_flow(
        "realnvp", 2, {"blocks": 1, "hidden": [4], "activation": "silu", "scale_bound": 5.0}
    )
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    recipe = dataclasses.replace(RECIPE, **changes)
    cpu = torch.device("cpu")
    return train(flow, log_density, recipe, generators, cpu, progress, checkpoint)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Checkpoints as often as there are chunks of steps."""
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", EVERY)


@pytest.fixture(scope="module")
def killed_once(tmp_path_factory) -> Path:
    """The folder of a training that was killed with -9 after KEPT_AT steps. To be copied."""
    folder = tmp_path_factory.mktemp("killed") / "unfinished"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(folder)],
        env=os.environ | {"PYTHONPATH": paths},
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    return folder


@pytest.fixture
def killed(killed_once, tmp_path) -> Path:
    """A copy of that folder, for a test to change."""
    return Path(shutil.copytree(killed_once, tmp_path / "unfinished"))


@pytest.fixture(scope="module")
def unbroken():
    """The same training, never killed."""
    return trained()


def assert_same(first, second):
    for name, value in first.params.items():
        assert torch.equal(value, second.params[name]), name
    for name in ("elbo", "skipped"):
        assert torch.equal(getattr(first, name), getattr(second, name)), name
    assert list(first.snapshots) == list(second.snapshots)
    assert set(first.snapshots) == histories.snapshot_iterations(450)
    for done, params in first.snapshots.items():
        for name, value in params.items():
            assert torch.equal(value, second.snapshots[done][name]), (done, name)


def starts(record):
    """A progress bar that writes down where training began."""

    def progress(steps):
        record.append(steps[0])
        return iter(steps)

    return progress


def test_a_killed_training_goes_on_and_ends_at_the_same_bits(killed, unbroken):
    record = []
    resumed = trained(Checkpoint(killed), progress=starts(record))
    assert record == [KEPT_AT]
    assert_same(resumed, unbroken)


def test_a_checkpoint_changes_no_bit_of_an_unbroken_training(tmp_path, unbroken):
    assert_same(trained(Checkpoint(tmp_path / "unfinished")), unbroken)


def test_a_checkpoint_is_kept_whenever_so_many_steps_are_done(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 200)
    kept, own = [], Checkpoint(tmp_path / "unfinished")
    monkeypatch.setattr(own, "keep", lambda state: kept.append(len(state["elbo"])))
    trained(own)
    assert kept == [200, 400]  # of 450, by chunks of 100


def test_the_state_of_another_number_of_replicates_is_not_restored(killed):
    kept = Checkpoint(killed)
    kept.take_up = lambda **run: {"generators": [torch.Generator().get_state()]}
    with pytest.raises(ValueError, match="zip"):
        trained(kept)


@pytest.mark.parametrize(
    "other",
    [{"made_by": "other code or data"}, {"samples": 11}, {"seeds": (1, 3)}, {"seeds": (1, 2, 3)}],
)
def test_a_checkpoint_of_another_training_is_not_taken_up(killed, other, capsys):
    checkpoint = Checkpoint(killed, other.pop("made_by", ""))
    assert_same(trained(checkpoint, **other), trained(**other))
    assert "checkpoint.pt is of other code, data or settings" in capsys.readouterr().out


@pytest.mark.parametrize("size", [0, 100, 2000])
def test_a_truncated_checkpoint_is_a_fresh_start_and_said_so(killed, size, capsys, unbroken):
    with open(killed / "checkpoint.pt", "r+b") as file:
        assert file.seek(0, os.SEEK_END) > size
        file.truncate(size)
    assert_same(trained(Checkpoint(killed)), unbroken)
    assert "checkpoint.pt cannot be read" in capsys.readouterr().out


def test_the_older_of_two_runs_stops_at_its_next_checkpoint(tmp_path):
    older = Checkpoint(tmp_path / "unfinished")
    older.take_up()
    older.keep({"of": "older"})
    newer = Checkpoint(tmp_path / "unfinished")
    assert newer.take_up() == {"of": "older"}
    newer.keep({"of": "newer"})
    with pytest.raises(TakenOver, match="a newer run"):
        older.keep({"of": "older"})
    with pytest.raises(TakenOver):
        older.require_ownership()
    newer.require_ownership()
    assert Checkpoint(tmp_path / "unfinished").take_up() == {"of": "newer"}


def test_an_older_run_finds_out_that_the_newer_one_has_ended(tmp_path):
    older = Checkpoint(tmp_path / "unfinished")
    Checkpoint(tmp_path / "unfinished").remove()
    with pytest.raises(TakenOver):
        older.keep({})
    assert not (tmp_path / "unfinished").exists()


def test_checkpoints_fall_on_whole_chunks_of_noise_and_are_rare():
    # One costs some 5 ms; a step of the smallest flow costs 0.5 ms.
    assert BY_DEFAULT % training.CHUNK == 0
    assert BY_DEFAULT >= 1000
