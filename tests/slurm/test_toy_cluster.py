"""The test's cluster leaves any other SLURM alone, and clears what a killed test left."""

import os
import subprocess

import pytest

from tests.slurm import toy_cluster
from tests.slurm.toy_cluster import MARK, Refused, ToyCluster

pytestmark = pytest.mark.slurm


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """The configuration's place, moved: these tests run beside the session's own cluster."""
    monkeypatch.setattr(toy_cluster, "CONFIG", tmp_path / "slurm.conf")
    monkeypatch.setattr(toy_cluster, "GPUS", tmp_path / "gres.conf")
    return tmp_path


@pytest.mark.parametrize("name", ["slurm.conf", "gres.conf"])
def test_another_slurm_is_refused_and_left_as_it_is(elsewhere, name):
    (elsewhere / name).write_text("ClusterName=theirs\n")
    toy = ToyCluster()
    with pytest.raises(Refused, match="not the test's own"):
        toy.start()
    toy.stop()
    assert (elsewhere / name).read_text() == "ClusterName=theirs\n"
    assert [path.name for path in elsewhere.iterdir()] == [name]


def test_a_running_test_is_refused(elsewhere):
    (elsewhere / "slurm.conf").write_text(f"{MARK} {os.getpid()} {elsewhere}\n")
    with pytest.raises(Refused, match="another SLURM test runs"):
        ToyCluster().start()


def test_what_a_killed_test_left_is_cleared(elsewhere):
    folder = elsewhere / "flowcheck-slurm-left"
    folder.mkdir()
    gone = subprocess.Popen(["true"])
    gone.wait()
    daemon, stranger = subprocess.Popen(["sleep", "60"]), subprocess.Popen(["sleep", "60"])
    try:
        # The second number now belongs to another program than the one that was recorded.
        (folder / "pids").write_text(f"{daemon.pid} sleep\n{stranger.pid} slurmd\n")
        (elsewhere / "slurm.conf").write_text(f"{MARK} {gone.pid} {folder}\n")
        toy_cluster.clear_leftover(elsewhere / "slurm.conf")
        assert daemon.poll() is not None
        assert stranger.poll() is None
    finally:
        for child in (daemon, stranger):
            child.kill()
            child.wait()
    assert list(elsewhere.iterdir()) == []


def test_a_machine_without_slurm_fails_with_the_command_to_run(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused, match="make test-slurm"):
        ToyCluster().start()
