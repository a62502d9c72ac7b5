"""Small image sets in idx files, and what tells them from others, for tests of reading them."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np

from flowcheck import idx_files

# The training and the test set's images, and the side of each.
COUNTS, SIDE = (6, 3), 4
NAMES = [one.name for one in idx_files.KNOWN["MNIST"]]


def content(sizes: tuple[int, ...], seed: int, magic: int | None = None) -> bytes:
    """An idx file of random bytes below ten."""
    kind = idx_files.IMAGES if len(sizes) == 3 else idx_files.LABELS
    header = struct.pack(f">{1 + len(sizes)}I", magic or kind, *sizes)
    return header + np.random.default_rng(seed).integers(0, 10, sizes, np.uint8).tobytes()


def contents(seed: int) -> dict[str, bytes]:
    """The four files of a small set by name, unzipped."""
    sizes = [(n, *axes) for n in COUNTS for axes in ((SIDE, SIDE), ())]
    return {
        name: content(size, 10 * seed + i)
        for i, (name, size) in enumerate(zip(NAMES, sizes, strict=True))
    }


def known() -> dict[str, tuple[idx_files.IdxFile, ...]]:
    """Small sets in the place of idx_files.KNOWN; of the third only the zipped copies are known."""
    found = {}
    for seed, name in enumerate(idx_files.KNOWN):
        four = []
        for file, raw in contents(seed).items():
            sizes = struct.unpack(">3I", raw[4:16]) if "images" in file else (raw[7],)
            unzipped, zipped = (hashlib.md5(b).hexdigest() for b in (raw, zip_of(raw)))
            four.append(idx_files.IdxFile(file, sizes, None if seed == 2 else unzipped, zipped))
        found[name] = tuple(four)
    return found


def zip_of(raw: bytes, level: int = 9) -> bytes:
    """Zipped, alike at each call."""
    return gzip.compress(raw, level, mtime=0)


def write(folder: Path, seed: int, zipped: bool = True) -> Path:
    """Write a small set's four files, as published, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in contents(seed).items():
        path = folder / (f"{name}.gz" if zipped else name)
        path.write_bytes(zip_of(raw) if zipped else raw)
    return folder
