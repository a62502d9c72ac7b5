"""MNIST and its like: found wherever they may lie, and refused unless they are what they say."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from flowcheck import idx_files, images
from flowcheck.numpy_files import DataError
from tests import idx_sets


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Small sets in the place of the published ones."""
    monkeypatch.setattr(idx_files, "KNOWN", idx_sets.known())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "below", ["mine", "mine/raw", "MNIST", "MNIST/raw", "mnist", "mine/MNIST/raw"]
)
def test_files_are_found_by_entry_or_set_zipped_or_not(tmp_path, below, zipped):
    idx_sets.write(tmp_path / below, 0, zipped)
    found = idx_files.folder_of(tmp_path, "mine", "MNIST")
    assert found == tmp_path / below
    loaded = images.load_torchvision("MNIST", found, tmp_path / "unused")
    assert loaded.shape == (idx_sets.SIDE, idx_sets.SIDE)
    assert loaded.split.tolist() == ["train"] * 6 + ["test"] * 3
    raw = idx_sets.contents(0)
    assert loaded.labels.tolist() == [*raw[idx_sets.NAMES[1]][8:], *raw[idx_sets.NAMES[3]][8:]]
    assert loaded.pixels[:6].tobytes() == raw[idx_sets.NAMES[0]][16:]
    assert not (tmp_path / "unused").exists()


def test_the_entrys_own_folder_comes_first(tmp_path):
    for below in ("MNIST", "mine"):
        idx_sets.write(tmp_path / below, 0)
    assert idx_files.folder_of(tmp_path, "mine", "MNIST") == tmp_path / "mine"
    assert idx_files.folder_of(tmp_path, "mine", "KMNIST") == tmp_path / "mine"
    assert idx_files.folder_of(tmp_path, "other", "KMNIST") is None


@pytest.mark.parametrize(("seed", "own"), [(0, "MNIST"), (1, "FashionMNIST"), (2, "KMNIST")])
def test_one_sets_files_do_not_pass_for_anothers(tmp_path, seed, own):
    folder = idx_sets.write(tmp_path, seed)
    for name in idx_files.KNOWN:
        if name == own:
            assert len(idx_files.read(folder, name)) == 4
        else:
            with pytest.raises(ValueError, match=f"is a file of {own}, not of {name}"):
                idx_files.read(folder, name)


def test_a_copy_zipped_anew_passes_where_its_content_is_known(tmp_path):
    for seed, name in ((0, "MNIST"), (2, "KMNIST")):
        folder = idx_sets.write(tmp_path / name, seed)
        for path in folder.iterdir():
            path.write_bytes(idx_sets.zip_of(idx_sets.contents(seed)[path.stem], level=1))
        if name == "MNIST":
            assert len(idx_files.read(folder, name)) == 4
        else:
            with pytest.raises(ValueError, match=r"Only the \.gz file can"):
                idx_files.read(folder, name)


def test_no_more_is_unzipped_than_the_header_promises(tmp_path):
    folder = idx_sets.write(tmp_path, 0)
    name = idx_sets.NAMES[0]
    with gzip.open(folder / f"{name}.gz", "wb", compresslevel=1) as file:
        file.write(idx_sets.contents(0)[name])
        for _ in range(100):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than 112 bytes"):
            idx_files.read(folder, "MNIST")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_header_of_another_size_is_refused_before_anything_is_read(tmp_path):
    folder = idx_sets.write(tmp_path, 0)
    name = idx_sets.NAMES[0]
    header = struct.pack(">4I", idx_files.IMAGES, 2**31, 2**31, 2**31)
    (folder / f"{name}.gz").write_bytes(idx_sets.zip_of(header))
    with pytest.raises(ValueError, match="the published file has 6 x 4 x 4"):
        idx_files.read(folder, "MNIST")


def test_files_that_are_not_there_are_named_with_their_folder(tmp_path):
    folder = idx_sets.write(tmp_path, 0)
    os.unlink(folder / f"{idx_sets.NAMES[2]}.gz")
    with pytest.raises(FileNotFoundError, match=idx_sets.NAMES[2]) as caught:
        idx_files.read(folder, "MNIST")
    assert str(folder) in str(caught.value)
    assert idx_sets.NAMES[0] not in str(caught.value)


def test_without_a_network_the_message_names_folder_and_files(tmp_path, monkeypatch):
    def offline(*_, **__):
        raise OSError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    with pytest.raises(DataError, match="FLOWCHECK_DATA") as caught:
        images.load_torchvision("MNIST", None, tmp_path)
    for word in (*idx_sets.NAMES, str(tmp_path / "MNIST" / "raw")):
        assert word in str(caught.value)


def test_what_was_downloaded_before_is_read_and_checked(tmp_path, no_network):
    folder = idx_sets.write(tmp_path / "MNIST" / "raw", 0)
    assert len(images.load_torchvision("MNIST", None, tmp_path).labels) == 9
    path: Path = folder / f"{idx_sets.NAMES[1]}.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="not a whole gzip file") as caught:
        images.load_torchvision("MNIST", None, tmp_path)
    assert str(path) in str(caught.value)


def test_an_unknown_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"CIFAR10.*FashionMNIST"):
        images.load_torchvision("CIFAR10", tmp_path, tmp_path)


def test_values_are_read_as_written(tmp_path):
    pixels, labels, *_ = idx_files.read(idx_sets.write(tmp_path, 0), "MNIST")
    assert pixels.dtype == labels.dtype == np.uint8
    assert pixels.shape == (6, 4, 4)
    assert labels.max() < 10
