"""The data y of the banana: the published file, its generated stand-in, or a user's own array."""

import hashlib
import http.client
import urllib.request
from pathlib import Path

import numpy as np

from flowcheck.numpy_files import DataError, as_float64, load

PUBLISHED_NAME = "banana_shape_data.npy"
PUBLISHED_URL = f"https://zcrabbit.github.io/static/datasets/{PUBLISHED_NAME}"
PUBLISHED_SHA256 = "41c0384774203a5a9bbf18851f9b677cc5ccfb09fff6c49bc1fb3e3e0ae172f6"
# All that the posterior sees of the published data.
PUBLISHED_N = 100
PUBLISHED_MEAN = 1.1179132108624679
PUBLISHED_SQUARES = 365.58995874387807  # about the mean

DOWNLOAD_SECONDS = 60


def embedded(rng: np.random.Generator) -> np.ndarray:
    """A generated data set [100] with the published one's n, mean and sum of squares.

    The posterior depends on the data through these three only, so it is the published one's.
    """
    noise = rng.standard_normal(PUBLISHED_N)
    noise -= noise.mean()
    return PUBLISHED_MEAN + noise * np.sqrt(PUBLISHED_SQUARES / np.sum(noise**2))


def published(folder: str | None) -> np.ndarray:
    """The published data set [100]: from `folder` if the file lies there, else downloaded.

    Raises DataError if it is unavailable or is not, byte for byte, the file it should be.
    """
    local = data_folder(folder) / PUBLISHED_NAME if folder else None
    if local is not None and local.is_file():
        source, content = str(local), local.read_bytes()
    else:
        source, content = PUBLISHED_URL, _download(PUBLISHED_URL)
    found = hashlib.sha256(content).hexdigest()
    if found != PUBLISHED_SHA256:
        raise DataError(
            f"{source} is not the published data: its {len(content)} bytes have sha256 {found}, "
            f"not {PUBLISHED_SHA256}. It may be truncated or another file; remove it and fetch it "
            "again, or set `data: embedded`, which has the same posterior"
        )
    return checked(load(content, source), source)


def data_folder(folder: str) -> Path:
    """The folder that FLOWCHECK_DATA names. Raises DataError if there is none."""
    if not Path(folder).is_dir():
        raise DataError(
            f"FLOWCHECK_DATA is {folder}, which is not a folder: set it to the folder with the "
            "data files, or unset it"
        )
    return Path(folder)


def own(path: str) -> np.ndarray:
    """A user's data [n] from a .npy file. Raises DataError if it cannot be used."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; fix the target's `data`") from None
    return checked(load(content, path), path)


def checked(y: np.ndarray, source: str) -> np.ndarray:
    """`y` as float64 [n]. Raises DataError unless it is one axis of finite numbers."""
    if not isinstance(y, np.ndarray):
        raise DataError(f"{source} holds several arrays: save the data alone, with numpy.save")
    if y.dtype.kind not in "fiu":
        raise DataError(f"{source} holds {y.dtype} values: save real numbers, such as float64")
    if y.ndim != 1 or y.size == 0:
        raise DataError(f"{source} has shape {y.shape}: it should be one axis of values, (n,)")
    values = as_float64(y, source)
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(y))
        raise DataError(
            f"{source} has {bad.size} values that are not finite, the first at index {bad[0]}: "
            "remove or correct them"
        )
    return values


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as response:
            return response.read()
    except (OSError, http.client.HTTPException) as error:  # the latter: broken off midway
        raise DataError(
            f"cannot download {url}: {error}. Put {PUBLISHED_NAME} into a folder and set "
            "FLOWCHECK_DATA to it, or set `data: embedded`, which has the same posterior"
        ) from None
