"""Files: what is written is read back, whole or not at all, and equal content is equal bytes."""

import errno
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from flowcheck import files

THETA = np.random.default_rng(0).standard_normal((4, 50, 2))
STATS = {"lp": THETA.sum(-1), "energy": THETA.std(-1), "diverging": THETA[..., 0] > 2}

WRITERS = {
    "arrays.npz": lambda path: files.write_arrays(path, y=THETA, n=np.arange(3)),
    "table.csv": lambda path: files.write_table(path, pd.DataFrame({"x": [0.1, 1 / 3]})),
    "content.json": lambda path: files.write_json(path, {"b": 1 / 3, "a": [1, None]}),
    "weights.safetensors": lambda path: files.write_weights(path, {"w": torch.ones(2, 3)}),
    "chains.nc": lambda path: files.write_chains(path, THETA, STATS),
}


@pytest.mark.parametrize("name", WRITERS)
def test_equal_content_is_equal_bytes(tmp_path, name):
    for folder in ("a", "b/c"):  # folders are made
        WRITERS[name](str(tmp_path / folder / name))
    first, second = tmp_path / "a" / name, tmp_path / "b/c" / name
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", WRITERS)
def test_file_is_replaced(tmp_path, name):
    (tmp_path / name).write_text("old")
    WRITERS[name](str(tmp_path / name))
    assert (tmp_path / name).read_bytes() != b"old"


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "content.json"
    path.write_text("old")

    def half(file):
        file.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.write_whole(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class HalfAFigure:
    """A figure whose disk is full before its second half."""

    def get_layout_engine(self):
        return None

    def savefig(self, file, metadata):
        Path(file).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("name", ["figure.png", "figure.svg"])
def test_half_a_figure_is_no_file(tmp_path, name):
    with pytest.raises(OSError, match="No space left"):
        files.write_figure([str(tmp_path / name)], HalfAFigure())
    assert list(tmp_path.iterdir()) == []


# What puts bytes into a file, in Python and in the libraries used here.
WRITING = re.compile(
    r"\.(write_text|write_bytes|savefig|to_csv|to_json|to_netcdf)\(|np\.save|torch\.save"
    r"|save_file\(|\bopen\([^)]*[\"'][wax]"
)


def test_everything_is_written_whole():
    scripts = Path(files.__file__).parents[1]
    found = [
        f"{path.relative_to(scripts)}: {line.strip()}"
        for path in sorted(scripts.rglob("*.py"))
        for line in path.read_text().splitlines()
        if WRITING.search(line) and "write_whole" not in line
    ]
    assert found == [
        "flowcheck/checkpoints.py: torch.save(kept, content)",  # into memory
        "flowcheck/files.py: np.savez(file, allow_pickle=False, **arrays)",  # for write_whole
    ]


def test_name_and_suffix_reach_the_writer_and_the_place_is_filled_at_the_end(tmp_path):
    path = tmp_path / "x.npz"

    def write(file):
        assert file.suffix == ".npz"
        assert file.parent == path.parent  # renaming must not cross file systems
        assert not path.exists()
        file.write_text("whole")

    files.write_whole(path, write)
    assert path.read_text() == "whole"


def test_arrays_come_back(tmp_path):
    path = str(tmp_path / "x.npz")
    files.write_arrays(path, theta=THETA, label=np.array([1, 2], dtype=np.int32))
    arrays = files.read_arrays(path)
    assert set(arrays) == {"theta", "label"}
    assert np.array_equal(arrays["theta"], THETA)
    assert arrays["label"].dtype == np.int32


def test_objects_are_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        files.write_arrays(str(tmp_path / "x.npz"), y=np.array([{}], dtype=object))
    assert list(tmp_path.iterdir()) == []


def test_table_keeps_every_bit_of_a_float(tmp_path):
    values = [1 / 3, 1e-300, -0.0, math.pi * 1e20, 5e-324, 0.1 + 0.2, math.inf, -math.inf]
    path = str(tmp_path / "x.csv")
    files.write_table(path, pd.DataFrame({"name": "a", "value": values}))
    lines = (tmp_path / "x.csv").read_text().splitlines()
    back = np.array([float(line.split(",")[1]) for line in lines[1:]])
    assert back.tobytes() == np.array(values).tobytes()
    assert lines[0] == "name,value"


def test_json_comes_back(tmp_path):
    content = {"log_evidence": -208.942932897056, "mean": [1 / 3, 0.0], "passed": True, "n": None}
    path = str(tmp_path / "x.json")
    files.write_json(path, content)
    assert files.read_json(path) == content == json.loads((tmp_path / "x.json").read_text())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_json_without_a_word_for_it_is_an_error_and_no_file(tmp_path, bad):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(str(tmp_path / "x.json"), {"value": bad})
    assert list(tmp_path.iterdir()) == []


def test_weights_come_back(tmp_path):
    path = str(tmp_path / "x.safetensors")
    params = {"w": torch.randn(2, 3, requires_grad=True), "view": torch.arange(6.0).view(2, 3).T}
    files.write_weights(path, params)
    back = files.read_weights(path)
    assert set(back) == {"w", "view"}
    assert all(torch.equal(back[name], value.detach()) for name, value in params.items())


def test_views_of_one_tensor_can_be_written(tmp_path):
    flat = torch.arange(12.0).view(2, 6)
    left, right = flat.split([4, 2], dim=-1)
    files.write_weights(str(tmp_path / "x.safetensors"), {"left": left, "right": right})
    back = files.read_weights(str(tmp_path / "x.safetensors"))
    assert torch.equal(back["right"], right)


def test_chains_come_back_as_arviz_knows_them(tmp_path):
    path = str(tmp_path / "x.nc")
    files.write_chains(path, THETA, STATS)
    tree = files.read_chains(path)
    assert list(tree["posterior"].data_vars) == ["theta"]
    assert tree["posterior"]["theta"].dims == ("chain", "draw", "dim")
    assert np.array_equal(tree["posterior"]["theta"].values, THETA)
    for name, values in STATS.items():
        assert tree["sample_stats"][name].dims == ("chain", "draw")
        assert np.array_equal(tree["sample_stats"][name].values, values)
    (tmp_path / "x.nc").unlink()  # all of it is in memory
    assert np.isfinite(tree["sample_stats"]["lp"].values).all()


def test_draws_by_name_come_with_what_stands_beside_them(tmp_path):
    named, stats = {"tau": THETA[..., 0], "beta": THETA}, {"log_q": THETA.sum(-1)}
    files.write_draws(str(tmp_path / "a.nc"), named, stats)
    files.write_arrays(str(tmp_path / "a.npz"), **named, **stats)
    for file in ("a.nc", "a.npz"):
        found = files.read_named(str(tmp_path / file), ("log_q", "log_p"))
        assert set(found) == {"tau", "beta", "log_q"}
        np.testing.assert_array_equal(found["beta"], THETA)
        np.testing.assert_array_equal(found["log_q"], stats["log_q"])
