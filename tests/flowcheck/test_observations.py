"""The data: the stand-in's statistics, and an error with source and mend for whatever is wrong."""

import hashlib
import http.client
import io
import urllib.error

import numpy as np
import pytest

from flowcheck import observations
from flowcheck.observations import DataError, embedded, own, published

N, MEAN, SQUARES = 100, 1.1179132108624679, 365.58995874387807


@pytest.mark.parametrize("seed", [0, 1, 2022])
def test_embedded_data_have_the_published_statistics(seed):
    y = embedded(np.random.default_rng(seed))
    assert y.shape == (N,)
    assert y.dtype == np.float64
    # Rounding of a hundred additions.
    assert y.mean() == pytest.approx(MEAN, rel=1e-12)
    assert np.sum((y - y.mean()) ** 2) == pytest.approx(SQUARES, rel=1e-12)


def test_embedded_data_differ_by_seed_and_are_generic():
    first, again, other = (embedded(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first)) == N


def test_published_file_has_the_published_statistics(published_folder, no_network):
    y = published(str(published_folder))
    assert y.shape == (N,)
    assert y.mean() == pytest.approx(MEAN, rel=1e-12)
    assert np.sum((y - y.mean()) ** 2) == pytest.approx(SQUARES, rel=1e-12)


# A user's own file.


def save(path, array, **options):
    np.save(path, array, **options)
    return str(path)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "uint8", ">f8"])
def test_own_data_become_float64(tmp_path, dtype):
    y = own(save(tmp_path / "y.npy", np.array([1, 2, 250], dtype=dtype)))
    assert y.dtype == np.dtype("float64")
    assert y.tolist() == [1.0, 2.0, 250.0]


BAD_ARRAYS = {
    "two axes": (np.ones((5, 2)), r"shape \(5, 2\).*one axis"),
    "no axis": (np.float64(3.0), r"shape \(\).*one axis"),
    "empty": (np.array([]), r"shape \(0,\).*one axis"),
    "text": (np.array(["1", "2"]), "save real numbers"),
    "complex": (np.array([1j]), "complex128.*save real numbers"),
    "logical": (np.array([True, False]), "bool.*save real numbers"),
    "records": (np.zeros(3, dtype=[("y", "f8")]), "save real numbers"),
    "dates": (np.array(["2020-01-01"], dtype="M8[D]"), "save real numbers"),
    "NaN": (np.array([0.0, np.nan, 1.0, np.nan]), "2 values .*not finite.*index 1.*correct"),
    "infinity": (np.array([0.0, 1.0, np.inf]), "1 values .*not finite.*index 2.*correct"),
}


@pytest.mark.parametrize("kind", BAD_ARRAYS)
def test_array_that_cannot_be_used(tmp_path, kind):
    array, message = BAD_ARRAYS[kind]
    path = save(tmp_path / "mine.npy", array)
    with pytest.raises(DataError, match=message) as caught:
        own(path)
    assert path in str(caught.value)


def npy_bytes(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz_bytes(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


class Harmful:
    """Unpickling it would be noticed."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


BAD_FILES = {
    "object": npy_bytes(np.array([Harmful()], dtype=object), allow_pickle=True),
    "no bytes": b"",
    "text": b"1.0\n2.0\n",
    "truncated header": npy_bytes(np.ones(100))[:40],
    "truncated values": npy_bytes(np.ones(100))[:-8],
    "spoiled header": npy_bytes(np.ones(100)).replace(b"'shape'", b"'shap(("),
    "header without end": npy_bytes(np.ones(100)).replace(b"}", b"("),
    "npz": npz_bytes(y=np.ones(3)),
    "truncated npz": npz_bytes(y=np.ones(3))[:50],
    "only a zip's beginning": b"PK\x03\x04",
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_file_that_cannot_be_used(tmp_path, kind):
    path = tmp_path / "mine.npy"
    path.write_bytes(BAD_FILES[kind])
    refused = r"a whole NumPy file|Python objects|several arrays|is empty"
    with pytest.raises(DataError, match=refused) as caught:
        own(str(path))
    assert str(path) in str(caught.value)
    # NumPy's own advice is to read objects all the same.
    assert "allow_pickle" not in str(caught.value)
    assert "unsafe" not in str(caught.value)


def test_npz_file_says_what_to_do(tmp_path):
    (tmp_path / "mine.npz").write_bytes(npz_bytes(y=np.ones(3)))
    with pytest.raises(DataError, match="several arrays: save the data alone"):
        own(str(tmp_path / "mine.npz"))


def test_missing_file_and_folder(tmp_path):
    for path, reason in ((tmp_path / "none.npy", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(DataError, match=f"{reason}.*fix the target's `data`") as caught:
            own(str(path))
        assert str(path) in str(caught.value)


# The published file.


def test_wrong_checksum_names_the_file_and_both_sums(tmp_path, no_network):
    content = npy_bytes(np.ones(100))
    (tmp_path / "banana_shape_data.npy").write_bytes(content)
    with pytest.raises(DataError, match="is not the published data") as caught:
        published(str(tmp_path))
    message = str(caught.value)
    assert str(tmp_path / "banana_shape_data.npy") in message
    assert hashlib.sha256(content).hexdigest() in message
    assert observations.PUBLISHED_SHA256 in message
    assert "data: embedded" in message


def test_truncated_published_file_is_refused(published_folder, tmp_path, no_network):
    content = (published_folder / "banana_shape_data.npy").read_bytes()
    (tmp_path / "banana_shape_data.npy").write_bytes(content[:-1])
    with pytest.raises(DataError, match="truncated"):
        published(str(tmp_path))


def answer_with(monkeypatch, answer):
    """Make a download call answer(); the URLs asked for are returned as a list."""
    asked = []

    def urlopen(url, timeout):
        assert timeout > 0
        asked.append(url)
        return answer()

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    return asked


def raising(error):
    def answer():
        raise error

    return answer


class BrokenOff(io.BytesIO):
    """A connection that ends before the length it promised."""

    def read(self, *_):
        raise http.client.IncompleteRead(b"half", 900)


FAILURES = {
    "no network": raising(urllib.error.URLError("Temporary failure in name resolution")),
    "not found": raising(urllib.error.HTTPError("u", 404, "Not Found", None, None)),
    "timeout": raising(TimeoutError("timed out")),
    "reset": raising(ConnectionResetError("reset by peer")),
    "broken off": BrokenOff,
    "no HTTP": raising(http.client.BadStatusLine("?")),
}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("folder", [None, "", "empty"])
def test_failed_download_names_the_url_and_two_mends(monkeypatch, tmp_path, kind, folder):
    asked = answer_with(monkeypatch, FAILURES[kind])
    with pytest.raises(DataError, match="cannot download") as caught:
        published(str(tmp_path) if folder == "empty" else folder)
    message = str(caught.value)
    assert asked == [observations.PUBLISHED_URL]
    assert observations.PUBLISHED_URL in message
    assert "FLOWCHECK_DATA" in message
    assert "data: embedded" in message


def test_another_page_in_place_of_the_file_is_refused(monkeypatch):
    answer_with(monkeypatch, lambda: io.BytesIO(b"<html>moved</html>"))
    with pytest.raises(DataError, match="its 18 bytes have sha256") as caught:
        published(None)
    assert observations.PUBLISHED_URL in str(caught.value)


def test_download_that_arrives_is_used(monkeypatch):
    content = npy_bytes(np.arange(3.0))
    monkeypatch.setattr(observations, "PUBLISHED_SHA256", hashlib.sha256(content).hexdigest())
    answer_with(monkeypatch, lambda: io.BytesIO(content))
    assert published(None).tolist() == [0.0, 1.0, 2.0]


def test_local_file_is_used_without_a_download(monkeypatch, tmp_path, no_network):
    content = npy_bytes(np.arange(3.0))
    (tmp_path / "banana_shape_data.npy").write_bytes(content)
    monkeypatch.setattr(observations, "PUBLISHED_SHA256", hashlib.sha256(content).hexdigest())
    assert published(str(tmp_path)).tolist() == [0.0, 1.0, 2.0]
