"""MNIST and its like, from their four files: that they are what they say is checked first.

An idx file is a magic number, a size for each axis, all big-endian 32-bit, then a byte for each
value. Files are found zipped or not, in a folder of their own or as torchvision lays them out.
"""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

IMAGES, LABELS = 2051, 2049  # magic numbers of unsigned bytes, of rank 3 and rank 1
PIECE = 1 << 20  # bytes read at once


class IdxFile(NamedTuple):
    """One published file: its name unzipped, its axes, and md5 sums that tell it from others.

    unzipped is None where it is not known; what gzip adds (a time, a name) differs from copy to
    copy, so that zipped holds of the published copy only.
    """

    name: str
    sizes: tuple[int, ...]
    unzipped: str | None
    zipped: str | None

    @property
    def magic(self) -> int:
        return IMAGES if len(self.sizes) == 3 else LABELS


def _four(*sums: tuple[str | None, str | None]) -> tuple[IdxFile, ...]:
    names = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in _KINDS]
    sizes = [(n, *axes) for n in (60_000, 10_000) for axes in _KINDS.values()]
    rows = zip(names, sizes, sums, strict=True)
    return tuple(IdxFile(name, size, *both) for name, size, both in rows)


_KINDS = {"images-idx3": (28, 28), "labels-idx1": ()}
# In the order images, labels of the training set, then of the test set; unzipped, then zipped as
# torchvision has the sums.
KNOWN = {
    "MNIST": _four(
        ("6bbc9ace898e44ae57da46a324031adb", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("a25bea736e30d166cdddb491f175f624", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("2646ac647ad5339dbf082846283269ea", "9fb629c4189551a2d022fa330f9573f3"),
        ("27ae3e4e09519cfbb04c329615203637", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    "FashionMNIST": _four(
        ("f4a8712d7a061bf5bd6d2ca38dc4d50a", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("9018921c3c673c538a1fc5bad174d6f9", "25c81989df183df01b3e8a0aad5dffbe"),
        ("8181f5470baa50b63fa0f6fddb340f0a", "bef4ecab320f06d8554ea6380940ec79"),
        ("15d484375f8d13e6eb1aabb0c3f46965", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    "KMNIST": _four(
        (None, "bdb82020997e1d708af4cf47b453dcf7"),
        (None, "e144d726b3acfaa3e44228e80efcd344"),
        (None, "5c965bf0a639b31b8f53240b1b52f4d7"),
        (None, "7320c461ea6c1c855c0b718fb2a4b134"),
    ),
}


def places(root: Path, entry: str, dataset: str) -> list[Path]:
    """Where below `root` the files of a set may lie: named as the config's entry or as the set."""
    names = dict.fromkeys((entry, dataset, dataset.lower()))
    inside = ("", "raw", f"{dataset}/raw")
    return [root / name / below for name in names for below in inside]


def folder_of(root: Path, entry: str, dataset: str) -> Path | None:
    """The first of `places` that holds any of the four files; None if there is none."""
    for folder in places(root, entry, dataset):
        if any(_path(folder, one) for one in KNOWN[dataset]):
            return folder
    return None


def missing(folder: Path, dataset: str) -> list[str]:
    """The names of those of the four files that `folder` does not hold, zipped or unzipped."""
    return [f"{one.name}.gz" for one in KNOWN[dataset] if _path(folder, one) is None]


def read(folder: Path, dataset: str) -> list[np.ndarray]:
    """Pixels [N, 28, 28] and labels [N] of the training set, then of the test set; uint8.

    Raises ValueError or FileNotFoundError, naming the file: missing, not gzip or torn, of another
    kind, longer or shorter than it should be (no more than that is ever unzipped), or not the file
    that was published.
    """
    if gone := missing(folder, dataset):
        raise FileNotFoundError(
            f"{folder} does not hold all files of {dataset}: put {', '.join(gone)} there too"
        )
    arrays = []
    for one in KNOWN[dataset]:
        path = _path(folder, one)
        content = _content(path, one)
        _check_sum(path, content, one, dataset)
        values = np.frombuffer(content, np.uint8, offset=len(content) - int(np.prod(one.sizes)))
        arrays.append(values.reshape(one.sizes))
    return arrays


def _path(folder: Path, one: IdxFile) -> Path | None:
    paths = (folder / f"{one.name}.gz", folder / one.name)
    return next((path for path in paths if path.is_file()), None)


def _content(path: Path, one: IdxFile) -> bytes:
    """The unzipped file, once its header says what it should; reads no more than that promises."""
    header = 4 * (1 + len(one.sizes))
    whole = header + int(np.prod(one.sizes))
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            start = stream.read(header)
            _check_header(path, start, one)
            content = start + stream.read(whole + 1 - header)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error}); fetch it again") from error
    if len(content) != whole:
        found = f"{len(content)} bytes" if len(content) < whole else f"more than {whole} bytes"
        raise ValueError(f"{path}: {found}, but its header promises {whole}; fetch it again")
    return content


def _check_header(path: Path, start: bytes, one: IdxFile) -> None:
    count = 1 + len(one.sizes)
    if len(start) < 4 * count:
        raise ValueError(f"{path}: {len(start)} bytes are too few for an idx file's header")
    magic, *sizes = struct.unpack(f">{count}I", start)
    if magic != one.magic:
        raise ValueError(
            f"{path}: magic number {magic}, expected {one.magic}: this is another kind of file"
        )
    if tuple(sizes) != one.sizes:
        raise ValueError(
            f"{path}: its header says {_axes(sizes)} values, and the published file has "
            f"{_axes(one.sizes)}: another set, or part of it"
        )


def _check_sum(path: Path, content: bytes, one: IdxFile, dataset: str) -> None:
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    zipped = _md5(path) if path.suffix == ".gz" else None
    if found == one.unzipped or (zipped and zipped == one.zipped):
        return
    for name, known in KNOWN.items():
        if any(found == other.unzipped or zipped == (other.zipped or "") for other in known):
            raise ValueError(
                f"{path} is a file of {name}, not of {dataset}: write `dataset: {name}`, or put "
                f"{dataset}'s file there"
            )
    if one.unzipped is None:
        raise ValueError(
            f"{path} does not match the published file of {dataset} (md5). Only the .gz file can "
            f"be checked, byte for byte: put {one.name}.gz there as it was fetched"
        )
    raise ValueError(f"{path}: the unzipped content is not the published one (md5); fetch it again")


def _md5(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _axes(sizes) -> str:
    return " x ".join(map(str, sizes))
