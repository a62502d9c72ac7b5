"""What a user sees when something is wrong: one message with its mend, and no half-made file."""

import json

import numpy as np
import pandas as pd
import pytest

DATA = "results/tiny/mine/data.npz"


def add_target(checkout, data):
    path = checkout.folder / "config/tiny.yaml"
    more = f"targets:\n  mine: {{data: {data}}}\n"
    path.write_text(path.read_text().replace("targets:\n", more))


def leftovers(checkout):
    """What a failed step left besides its log."""
    folder = checkout.results / "mine"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_a_failed_verdict_empties_what_uses_the_chain_and_nothing_else(made):
    banana = made.results / "banana"
    path = banana / "hmc/long.json"
    verdict = json.loads(path.read_text())
    verdict |= {"passed": False, "cause": "a cause", "cure": "a cure"}
    path.write_text(json.dumps(verdict))
    goals = [banana / "flows/nice/divergence.csv", banana / "knn_floor.csv"]
    ran = made.snakemake("--", *(str(goal.relative_to(made.folder)) for goal in goals))
    assert ran.status == 0, ran.output
    truth, evidence = (
        json.loads((banana / name).read_text()) for name in ("truth.json", "evidence.json")
    )
    assert evidence["log_evidence"] is None
    assert "failed its verdict" in evidence["reason"]
    # The banana knows its evidence and has exact draws: its grade, and every divergence, stand.
    assert (truth["grade"], truth["draws"]) == ("exact", "exact")
    assert pd.read_csv(goals[0])[["kl", "kl_forward", "kl_knn"]].notna().all(axis=None)
    assert set(pd.read_csv(goals[1])["pair"]) == {"exact-exact"}
    assert json.loads(path.read_text())["passed"] is False  # no one judged it again


def test_data_with_a_hole_stop_at_once_with_their_place(bare):
    y = np.arange(10.0)
    y[3] = np.nan
    np.save(bare.folder / "mine.npy", y)
    add_target(bare, "mine.npy")
    ran = bare.snakemake(DATA)
    assert ran.status != 0
    lines = ran.output.splitlines()
    (job,) = (number for number, line in enumerate(lines) if "Error in rule" in line)
    assert lines[job].startswith("Error in rule prepare_data (mine), after ")
    message = "  mine.npy has 1 values that are not finite, the first at index 3"
    assert lines[job + 1].startswith(message)
    assert lines[job + 2] == "  log: results/tiny/logs/mine/data.log"
    assert "Traceback" not in ran.output
    assert "Traceback" in (bare.results / "logs/mine/data.log").read_text(encoding="utf-8")
    assert leftovers(bare) == []


def test_own_data_are_used_and_their_change_is_seen(bare):
    np.save(bare.folder / "mine.npy", np.arange(5.0))
    add_target(bare, "mine.npy")
    assert bare.snakemake(DATA).status == 0
    assert np.load(bare.folder / DATA)["y"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert bare.planned(DATA) == []
    np.save(bare.folder / "mine.npy", np.arange(6.0))
    assert bare.planned(DATA) == ["prepare_data mine"]


def test_truncated_published_file_is_refused(bare):
    folder = bare.folder / "published"
    folder.mkdir()
    (folder / "banana_shape_data.npy").write_bytes(b"\x93NUMPY")
    add_target(bare, "course")
    ran = bare.snakemake(DATA, FLOWCHECK_DATA=str(folder))
    assert ran.status != 0
    assert f"{folder}/banana_shape_data.npy is not the published data" in ran.output
    assert leftovers(bare) == []


def test_published_file_gives_the_published_data(bare, published_folder):
    add_target(bare, "course")
    ran = bare.snakemake(DATA, FLOWCHECK_DATA=str(published_folder))
    assert ran.status == 0, ran.output
    expected = np.load(published_folder / "banana_shape_data.npy")
    assert np.array_equal(np.load(bare.folder / DATA)["y"], expected)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sed: 3", "sed: no such key"),
        ("targets: {mine: {data: none.npy}}", "targets.mine.data: no file 'none.npy'"),
    ],
)
def test_config_that_cannot_be_used_is_an_error_before_any_job(bare, line, message):
    (bare.folder / "mine.yaml").write_text(line)
    ran = bare.snakemake("--dry-run", "--configfile", "mine.yaml")
    assert ran.status != 0
    assert message in ran.output
    assert "Traceback" not in ran.output


def test_cuda_without_a_gpu_is_refused(made):
    ran = made.snakemake(
        "--config", "device=cuda", "--allowed-rules", "train_flow", "--",
        "results/tiny/banana/flows/planar/model.safetensors",
        CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip
    assert ran.status != 0
    assert "torch finds no GPU here; set `device: auto`" in ran.output


def test_nothing_of_the_users_environment_gets_between_a_step_and_its_code(bare, tmp_path):
    # Other people's modules of the same names, a terminal without UTF-8, and no standard output.
    for name in ("step.py", "flowcheck/__init__.py", "load_target.py"):
        path = tmp_path / "path" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemExit('not this one')\n")
    np.save(bare.folder / "mine.npy", np.arange(5.0))
    add_target(bare, "mine.npy")
    ran = bare.snakemake(
        DATA, "results/tiny/banana/exact.json",
        PYTHONPATH=str(tmp_path / "path"), LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert ran.status == 0, ran.output
    assert np.load(bare.folder / DATA)["y"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
