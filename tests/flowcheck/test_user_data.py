"""Data files as named float64 arrays, and words for those that are not."""

import json

import numpy as np
import pytest

from flowcheck.observations import DataError
from flowcheck.user_data import read


def test_no_file_is_no_data():
    assert read(None) == {}


def test_formats_agree(tmp_path):
    arrays = {"y": np.array([1, 2, 250], dtype=np.uint8), "x": np.array([0.5, -1e-3, np.nan])}
    np.savez(tmp_path / "a.npz", **arrays)
    content = json.dumps({"y": [1, 2, 250], "x": [0.5, -1e-3, float("nan")]})
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    (tmp_path / "a.csv").write_text("\ufeffy, x\n1,0.5\n2,-1e-3\n\n250,nan\n", encoding="utf-8")
    for suffix in ("npz", "json", "csv"):
        found = read(str(tmp_path / f"a.{suffix}"))
        assert list(found) == ["y", "x"], suffix
        for name, expected in arrays.items():
            assert found[name].dtype == np.float64
            np.testing.assert_array_equal(found[name], expected.astype(float))


def test_one_array_is_y(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((2, 3), dtype=bool))
    found = read(str(tmp_path / "a.npy"))
    assert list(found) == ["y"]
    np.testing.assert_array_equal(found["y"], np.ones((2, 3)))


def test_json_keeps_scalars_and_matrices(tmp_path):
    (tmp_path / "a.json").write_text('{"J": 8, "x": [[1, 2], [3, 4]]}', encoding="utf-8")
    found = read(str(tmp_path / "a.json"))
    assert found["J"].shape == ()
    assert found["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


WRONG = {
    "text in a column": (
        "a.csv",
        "y,school\n1,A\n2,B\n",
        "line 2: column 'school' holds text",
    ),
    "an empty cell": ("a.csv", "y,x\n1,\n", "line 2: column 'x' holds text, ''"),
    "a short row": ("a.csv", "y,x\n1\n", "line 2: 1 values for 2 columns"),
    "no header": ("a.csv", "1,2\n3,4\n", "first line should name the columns"),
    "two of a name": ("a.csv", "y,y\n3,4\n", "its own name"),
    "an empty table": ("a.csv", "y\n", "header line"),
    "text in JSON": ("a.json", '{"y": ["a", "b"]}', "'y' holds text"),
    "an object in JSON": ("a.json", '{"y": {"z": 1}}', "'y' holds something that is not a number"),
    "null": ("a.json", '{"y": [1, null]}', "'y' holds something that is not a number"),
    "ragged": ("a.json", '{"y": [[1, 2], [3]]}', "'y' has rows of different lengths"),
    "a list": ("a.json", "[1, 2]", "object of named arrays"),
    "broken JSON": ("a.json", '{"y": [1,\n2', "line 2: not JSON"),
    "not UTF-8": ("a.csv", b"y\n\xff\n", "UTF-8"),
    "not NumPy": ("a.npz", b"PK\x03\x04 truncated", "not a whole NumPy file"),
    "another format": ("a.xlsx", b"", r"read from \.npz"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_data_that_cannot_be_used(tmp_path, wrong):
    name, content, pattern = WRONG[wrong]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError, match=pattern) as caught:
        read(str(path))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("array", "pattern"),
    [
        (np.array(["a"]), "'s' holds text"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "'s' holds text or dates"),
        (np.array([1j]), "'s' holds complex"),
        (np.array([None, 1]), "with numpy.savez"),
    ],
)
def test_arrays_that_are_no_numbers(tmp_path, array, pattern):
    np.savez(tmp_path / "a.npz", y=np.ones(2), s=array)
    with pytest.raises(DataError, match=pattern):
        read(str(tmp_path / "a.npz"))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"cannot read .*none\.csv"):
        read(str(tmp_path / "none.csv"))
