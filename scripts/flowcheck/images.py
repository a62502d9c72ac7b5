"""Image sets: loading, checking, splitting and making them binary.

A Bernoulli likelihood is one only for pixels that are 0 or 1. A pixel's intensity in [0, 1] is
therefore read as the probability of a 1, and drawn: anew at each visit in training ("dynamic",
Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519, section 5.1.1), once and for all for
evaluation, so that every model is measured on the same binary images.
"""

import gzip
import hashlib
import struct
import tempfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

TORCHVISION_SETS = ("MNIST", "FashionMNIST", "KMNIST")
SPLIT_NAMES = {"train": "train", "test": "t10k"}
IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049  # idx files of unsigned bytes, of rank 3 and rank 1

# md5 of the unzipped files: what gzip adds (a time, a name) differs from copy to copy.
CHECKSUMS = {
    "MNIST": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }
}


@dataclass(frozen=True)
class ImageSet:
    """N labelled grey images.

    pixels: [N, height * width] uint8 from 0 to `levels`; labels: [N]; split: [N], "train" or
    "test"; shape: (height, width); checksum: of pixels and labels, for the record.
    """

    pixels: np.ndarray
    labels: np.ndarray
    split: np.ndarray
    shape: tuple[int, int]
    levels: int

    @property
    def intensity(self) -> np.ndarray:
        """[N, height * width] float32 in [0, 1]."""
        return self.pixels.astype(np.float32) / np.float32(self.levels)

    @property
    def checksum(self) -> str:
        """sha256 over pixels, labels and split."""
        digest = hashlib.sha256()
        for part in (self.pixels, self.labels, self.split == "train"):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def load_digits(test_fraction: float, rng: np.random.Generator) -> ImageSet:
    """scikit-learn's 1,797 handwritten digits, 8 x 8 with 17 grey levels, bundled: no download.

    `test_fraction` of each digit's images, drawn by `rng`, are the test set.
    """
    from sklearn.datasets import load_digits as bundled

    pixels, labels = bundled(return_X_y=True)
    split = stratified_split(labels, test_fraction, rng)
    return ImageSet(pixels.astype(np.uint8), labels.astype(np.int64), split, (8, 8), levels=16)


def stratified_split(
    labels: np.ndarray, test_fraction: float, rng: np.random.Generator
) -> np.ndarray:
    """Split the images by `labels` [N]: "train" or "test" for each, the same share of every label.

    Raises ValueError if that leaves a label without a training or without a test image.
    """
    split = np.full(len(labels), "train", dtype="<U5")
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        count = round(test_fraction * len(members))
        if not 0 < count < len(members):
            raise ValueError(
                f"a test fraction of {test_fraction} of {len(members)} images labelled {label} "
                f"leaves {count} for the test"
            )
        split[rng.permutation(members)[:count]] = "test"
    return split


def without_test(
    image_set: ImageSet, validation_fraction: float, rng: np.random.Generator
) -> ImageSet:
    """The training images alone, `validation_fraction` of each label's drawn as their "test" split.

    For choosing how to train: what was chosen by test images is not tested by them.
    Raises ValueError as `stratified_split`.
    """
    kept = image_set.split == "train"
    labels = image_set.labels[kept]
    split = stratified_split(labels, validation_fraction, rng)
    return replace(image_set, pixels=image_set.pixels[kept], labels=labels, split=split)


def files_folder(root: str | None, name: str) -> Path | None:
    """The folder `name` below `root` if it holds gzip files, else None."""
    folder = Path(root, name) if root else None
    return folder if folder and any(folder.glob("*.gz")) else None


def load_torchvision(name: str, folder: Path | None, cache: Path) -> ImageSet:
    """One of TORCHVISION_SETS, with its own split into training and test images.

    folder: where the four gzipped files lie, or None: then torchvision downloads them from its
    mirrors, with its own checksums, into `cache`.
    Raises ValueError for an unknown name; FileNotFoundError or ValueError naming the bad file.
    """
    from flowcheck.vision import import_torchvision_datasets

    if name not in TORCHVISION_SETS:
        raise ValueError(f"unknown image set {name!r}: use digits or {', '.join(TORCHVISION_SETS)}")
    dataset = getattr(import_torchvision_datasets(), name)
    if folder is None:
        return _from_datasets(*(dataset(cache, train, download=True) for train in (True, False)))
    with tempfile.TemporaryDirectory() as scratch:
        unzip_checked(folder, Path(scratch, name, "raw"), CHECKSUMS.get(name, {}))
        return _from_datasets(*(dataset(scratch, train) for train in (True, False)))


def unzip_checked(folder: Path, target: Path, checksums: dict[str, str]) -> None:
    """Unzip the four idx files in `folder` into `target`, each checked first.

    checksums: md5 of the unzipped files, by name without .gz; a file not listed is not compared.
    Raises FileNotFoundError or ValueError, naming the file: missing, not gzip or truncated, of a
    wrong magic number, shorter or longer than its header says, of another checksum, or with
    labels and images that differ in number.
    """
    target.mkdir(parents=True)
    for prefix in SPLIT_NAMES.values():
        counts = {}
        for kind, magic in (("images-idx3", IMAGE_MAGIC), ("labels-idx1", LABEL_MAGIC)):
            path = Path(folder, f"{prefix}-{kind}-ubyte.gz")
            content = _unzipped(path)
            counts[path.name] = _checked_count(path, content, magic)
            expected = checksums.get(path.stem)
            if expected and hashlib.md5(content, usedforsecurity=False).hexdigest() != expected:
                raise ValueError(f"{path}: the unzipped content is not the published one (md5)")
            Path(target, path.stem).write_bytes(content)
        (images, count), (labels, label_count) = counts.items()
        if count != label_count:
            raise ValueError(
                f"{Path(folder, labels)}: {label_count} labels for the {count} images of {images}"
            )


def _unzipped(path: Path) -> bytes:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with gzip.open(path) as stream:
            return stream.read()
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error}); fetch it again") from error


def _checked_count(path: Path, content: bytes, magic: int) -> int:
    """Number of items an idx file says it holds, once its header and its length agree."""
    rank = magic & 0xFF
    header = 4 * (1 + rank)
    if len(content) < header:
        raise ValueError(f"{path}: {len(content)} bytes are too few for an idx file's header")
    found, *sizes = struct.unpack(f">{1 + rank}I", content[:header])
    if found != magic:
        raise ValueError(f"{path}: magic number {found}, expected {magic}: not this kind of file")
    expected = header + int(np.prod(sizes, dtype=np.int64))
    if len(content) != expected:
        raise ValueError(f"{path}: {len(content)} bytes, but its header promises {expected}")
    return sizes[0]


def _from_datasets(train, test) -> ImageSet:
    pixels = [part.data.numpy().reshape(len(part.data), -1) for part in (train, test)]
    labels = [part.targets.numpy() for part in (train, test)]
    split = np.repeat(np.array(["train", "test"]), [len(part) for part in labels])
    shape = tuple(int(size) for size in train.data.shape[1:])
    return ImageSet(np.concatenate(pixels), np.concatenate(labels), split, shape, levels=255)


def binarise(intensity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Independent pixels, 1 with probability `intensity` [...], else 0; [...] uint8."""
    return (rng.random(intensity.shape, dtype=np.float32) < intensity).astype(np.uint8)


def subset(split: np.ndarray, name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted indices of `count` random images of the split `name`, or of all if there are fewer."""
    members = np.flatnonzero(split == name)
    return np.sort(rng.permutation(members)[:count])
