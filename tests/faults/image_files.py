"""Image files that are torn, of another set, or larger than they say."""

import gzip
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from flowcheck import idx_files, images
from tests import idx_sets
from tests.faults.case import SURVIVED, Case, Outcome, refusal

FIRST, LABELS = idx_sets.NAMES[:2]
MEGABYTE = bytes(1_000_000)


def zipped(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Changes what is unzipped."""
    return lambda path: path.write_bytes(
        idx_sets.zip_of(change(gzip.decompress(path.read_bytes())))
    )


def sliced(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Changes the file's own bytes."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def bomb(megabytes: int) -> Callable[[Path], None]:
    """Far more than the header promises, behind the right values."""

    def write(path: Path) -> None:
        right = gzip.decompress(path.read_bytes())
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(right)
            for _ in range(megabytes):
                file.write(MEGABYTE)

    return write


def larger(*sizes: int) -> Callable[[Path], None]:
    """A header that promises so much, and little behind it."""
    rank = len(sizes)
    start = struct.pack(f">{1 + rank}I", 0x0800 + rank, *sizes)
    return zipped(lambda raw: start + raw[4 * (1 + rank) :])


def _head(raw: bytes) -> int:
    """The length of an idx file's header, by its rank."""
    return 4 * (1 + raw[3])


FAULTS = {
    "missing": (lambda path: path.unlink(), "put"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "put"),
    "empty": (lambda path: path.write_bytes(b""), "too few"),
    "empty inside": (zipped(lambda raw: b""), "too few"),
    "half a header": (zipped(lambda raw: raw[:6]), "too few"),
    "HTML": (lambda path: path.write_bytes(b"<html>404</html>"), "gzip"),
    "truncated by a byte": (sliced(lambda raw: raw[:-1]), "gzip"),
    "truncated by half": (sliced(lambda raw: raw[: len(raw) // 2]), ""),
    "a spoiled checksum": (sliced(lambda raw: raw[:-8] + b"\0\1\2\3" + raw[-4:]), "gzip"),
    "a spoiled stream": (sliced(lambda raw: raw[:12] + b"\xff" * 4 + raw[16:]), "gzip"),
    "unzipped, called .gz": (sliced(gzip.decompress), "gzip"),
    "zipped twice": (sliced(idx_sets.zip_of), "magic"),
    "another magic number": (zipped(lambda raw: b"\0\0\x0d\x02" + raw[4:]), "magic"),
    "big and little ends": (zipped(lambda raw: raw[3::-1] + raw[4:]), "magic"),
    "a value short": (zipped(lambda raw: raw[:-1]), "promises"),
    "a value more": (zipped(lambda raw: raw + b"\0"), "promises"),
    "a newline more": (zipped(lambda raw: raw + b"\n"), "promises"),
    "one value changed": (zipped(lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), "md5"),
    "all values zero": (
        zipped(lambda raw: raw[: _head(raw)] + bytes(len(raw[_head(raw) :]))),
        "md5",
    ),
    "every value one more": (
        zipped(lambda raw: raw[: _head(raw)] + bytes(value + 1 for value in raw[_head(raw) :])),
        "md5",
    ),
    "a bomb of 10 MB": (bomb(10), "promises"),
    "a bomb of 300 MB": (bomb(300), "promises"),
}
OF_IMAGES = {
    "an image fewer": (larger(5, 4, 4), "header says 5 x 4 x 4"),
    "no image": (larger(0, 4, 4), "header says 0"),
    "larger images": (larger(6, 5, 5), "header says 6 x 5 x 5"),
    "images on their side": (larger(6, 2, 8), "header says 6 x 2 x 8"),
    "a header of terabytes": (larger(2**31, 2**10, 2**10), "header says"),
    "the largest header": (larger(2**32 - 1, 2**32 - 1, 2**32 - 1), "header says"),
    "labels in their place": (
        lambda path: path.write_bytes((path.parent / f"{LABELS}.gz").read_bytes()), FIRST),
    "the test's in their place": (
        lambda path: path.write_bytes((path.parent / f"{idx_sets.NAMES[2]}.gz").read_bytes()),
        "header says 3"),
}  # fmt: skip
OF_LABELS = {
    "a label fewer": (larger(5), "header says 5"),
    "a billion labels": (larger(10**9), "header says"),
    "a label of 10": (zipped(lambda raw: raw[:-1] + b"\x0a"), "md5"),
    "a label of 255": (zipped(lambda raw: raw[:-1] + b"\xff"), "md5"),
    "images in their place": (
        lambda path: path.write_bytes((path.parent / f"{FIRST}.gz").read_bytes()), "magic"),
}  # fmt: skip


def _read(folder: Path, name: str):
    return images.load_torchvision(name, folder, folder / "cache")


def _spoiled(file: str, damage: Callable, words: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch, _small():
            folder = idx_sets.write(Path(scratch, "mine"), 0)
            damage(folder / f"{file}.gz")
            return refusal(lambda: _read(folder, "MNIST"), file, str(folder), words)

    return run


def _another(seed: int, name: str, words: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch, _small():
            folder = idx_sets.write(Path(scratch), seed)
            return refusal(lambda: _read(folder, name), str(folder), words)

    return run


def _found(below: str, as_zip: bool) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch, _small():
            idx_sets.write(Path(scratch, below), 0, as_zip)
            folder = idx_files.folder_of(Path(scratch), "mine", "MNIST")
            return Outcome(SURVIVED, f"{len(_read(folder, 'MNIST').labels)} images in {folder}")

    return run


def _offline(error: Exception) -> Callable[[], Outcome]:
    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch, mock.patch("urllib.request.urlopen") as web:
            web.side_effect = error
            cache = Path(scratch)
            return refusal(
                lambda: images.load_torchvision("KMNIST", None, cache),
                "FLOWCHECK_DATA",
                *idx_sets.NAMES,
                str(cache / "KMNIST" / "raw"),
            )

    return run


def _small():
    """Small sets in the place of the published ones."""
    return mock.patch.object(idx_files, "KNOWN", idx_sets.known())


def _cases():
    for file in idx_sets.NAMES:
        for what, (damage, words) in FAULTS.items():
            if file == FIRST or "bomb" not in what:
                yield f"{file}: {what}", _spoiled(file, damage, words)
    for what, (damage, words) in OF_IMAGES.items():
        yield f"{FIRST}: {what}", _spoiled(FIRST, damage, words)
    for what, (damage, words) in OF_LABELS.items():
        yield f"{LABELS}: {what}", _spoiled(LABELS, damage, words)
    sets = list(idx_files.KNOWN)
    for seed, own in enumerate(sets):
        for name in sets:
            if name != own:
                yield f"{own}'s files as {name}", _another(seed, name, f"is a file of {own}")
    for name in sets:
        yield f"unknown files as {name}", _another(7, name, "md5")
    for below in ("mine", "mine/raw", "MNIST", "MNIST/raw", "mnist", "mnist/raw"):
        for as_zip in (True, False):
            yield f"in {below}{'' if as_zip else ', unzipped'}", _found(below, as_zip)
    for error in (OSError("no route"), TimeoutError("timed out"), ConnectionResetError("reset")):
        yield f"offline: {error}", _offline(error)


CASES = [Case(name, "image files", run) for name, run in _cases()]
