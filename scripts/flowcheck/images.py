"""Image sets: loading, checking, splitting and making them binary.

A Bernoulli likelihood is one only for pixels that are 0 or 1. A pixel's intensity in [0, 1] is
therefore read as the probability of a 1, and drawn: resampled every epoch in training ("dynamic",
Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519, section 5.1.1), once and for all for
evaluation, so that every model is measured on the same binary images.
"""

import hashlib
import http.client
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flowcheck import idx_files
from flowcheck.numpy_files import DataError
from flowcheck.observations import DOWNLOAD_SECONDS

TORCHVISION_SETS = tuple(idx_files.KNOWN)


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


def load_torchvision(name: str, folder: Path | None, cache: Path) -> ImageSet:
    """One of TORCHVISION_SETS, with its own split into training and test images.

    folder: where the four files lie, or None: then torchvision downloads them from its mirrors into
    `cache`, once. Either way they are checked: `idx_files.read` says what it raises.
    Raises ValueError for an unknown name, and DataError where they cannot be downloaded.
    """
    if name not in TORCHVISION_SETS:
        raise ValueError(f"unknown image set {name!r}: use digits or {', '.join(TORCHVISION_SETS)}")
    if folder is None:
        folder = cache / name / "raw"
        if idx_files.missing(folder, name):
            _download(name, cache)
    pixels, labels, test_pixels, test_labels = idx_files.read(folder, name)
    split = np.repeat(np.array(["train", "test"]), [len(labels), len(test_labels)])
    both = np.concatenate([pixels, test_pixels])
    return ImageSet(
        both.reshape(len(both), -1),
        np.concatenate([labels, test_labels]).astype(np.int64),
        split,
        pixels.shape[1:],
        levels=255,
    )


def _download(name: str, cache: Path) -> None:
    from flowcheck.vision import import_torchvision_datasets

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)  # torchvision would wait for ever
    try:
        getattr(import_torchvision_datasets(), name)(cache, download=True)
    except (OSError, RuntimeError, EOFError, http.client.HTTPException) as error:
        files = ", ".join(f"{one.name}.gz" for one in idx_files.KNOWN[name])
        raise DataError(
            f"cannot download {name}: {error}. Put its four files ({files}) into a folder {name}, "
            f"and set FLOWCHECK_DATA to the folder that holds {name}; or put them into "
            f"{cache / name / 'raw'}"
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def binarise(intensity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Independent pixels, 1 with probability `intensity` [...], else 0; [...] uint8."""
    return (rng.random(intensity.shape, dtype=np.float32) < intensity).astype(np.uint8)


def subset(split: np.ndarray, name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted indices of `count` random images of the split `name`, or of all if there are fewer."""
    members = np.flatnonzero(split == name)
    return np.sort(rng.permutation(members)[:count])
