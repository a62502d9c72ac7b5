"""A user's .npy and .npz files: whole, of numbers, with nothing dropped, and no code ever run."""

import io
import zipfile
from collections import Counter

import numpy as np

# Beyond these a float64 rounds integers.
EXACT = 2**53
# Numbers by which files commonly mark what is missing, beside any from HUGE on.
FILL_VALUES = (-99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0, -32768.0, 2147483647.0)
HUGE = 1e19
# Names by which NumPy's own writer takes its arguments.
TAKEN = ("file", "allow_pickle")


class DataError(ValueError):
    """Data that cannot be used; the message names the source and how to fix it."""


def load(content: bytes, source: str) -> np.ndarray | dict[str, np.ndarray]:
    """The array of a .npy file, or the arrays of a .npz file by name.

    Raises DataError, naming `source`, for a file that is torn, holds Python objects, or holds more
    than what would be read: a second array, two arrays of one name, bytes after the end.
    """
    stream = io.BytesIO(content)
    if not content:
        raise DataError(f"{source} is empty: save it again")
    if content[:2] == b"PK":
        return _archive(stream, source)
    array = _array(stream, source)
    if rest := len(content) - stream.tell():
        raise DataError(
            f"{source} holds {rest} bytes after its array, perhaps a second one, which would not "
            "be read: save several arrays by name, with numpy.savez"
        )
    return array


def _archive(stream: io.BytesIO, source: str) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            # Reads every member to its end, and so its checksum.
            members = {name: archive.read(name) for name in names}
    except Exception as error:  # a spoiled archive makes zipfile raise nearly anything
        raise DataError(
            f"{source} is not a whole NumPy file: {error}; save it again, with numpy.savez"
        ) from None
    if doubles := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f"{source} holds two arrays '{doubles[0]}': give each its own name")
    arrays = {}
    for name, member in members.items():
        own = name.removesuffix(".npy")
        if own == name:
            raise DataError(f"{source} holds '{name}', which is not an array: save arrays only")
        if not own or own in TAKEN:
            raise DataError(f"{source}: no array may be called '{own}'; give it another name")
        arrays[own] = load(member, f"{source}: '{own}'")
    return arrays


def _array(stream: io.BytesIO, source: str) -> np.ndarray:
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except Exception as error:  # a spoiled file makes NumPy raise nearly anything
        # NumPy's own advice for objects is to read them unsafely.
        if "pickle" in str(error) or "object" in str(error).lower():
            raise DataError(
                f"{source} holds Python objects, which are not read: save arrays of numbers, with "
                "rows of equal length, with numpy.savez"
            ) from None
        raise DataError(
            f"{source} is not a whole NumPy file: {error}; save it again, with numpy.save"
        ) from None


def as_float64(values: np.ndarray, source: str) -> np.ndarray:
    """Real `values` as float64. Raises DataError where that would change them by more than a digit.

    Values that are not finite stay so: whether they may be there is for others to say.
    """
    with np.errstate(over="ignore"):
        found = values.astype(np.float64)
    lost = np.isfinite(values) & ~np.isfinite(found)
    if lost.any():
        raise DataError(
            f"{source} has {lost.sum()} values too large for float64, the first at index "
            f"{_first(lost)}: rescale them (float64 ends at 1.8e308)"
        )
    if values.dtype.kind in "iu" and values.size:
        rounded = (values > EXACT) | (values < -EXACT if values.dtype.kind == "i" else False)
        if rounded.any():
            raise DataError(
                f"{source} has {rounded.sum()} integers beyond 2**53, the first at index "
                f"{_first(rounded)}, which float64 would round: rescale or renumber them"
            )
    return found


def fill_values(arrays: dict[str, np.ndarray]) -> list[str]:
    """A sentence for each array where a number that commonly marks missing values stands apart.

    Apart: farther from all ordinary numbers of the array than these are from one another.
    """
    notes = []
    for name, values in arrays.items():
        finite = values[np.isfinite(values)]
        suspect = np.isin(finite, FILL_VALUES) | (np.abs(finite) >= HUGE)
        rest = finite[~suspect]
        if not suspect.any() or rest.size < 2:
            continue
        low, high = rest.min(), rest.max()
        for value in np.unique(finite[suspect]):
            if max(low - value, value - high) > high - low:
                count = int(np.sum(finite == value))
                notes.append(
                    f"'{name}' holds {value:g} {count} times among numbers from {low:g} to "
                    f"{high:g}: does it mark what is missing? It is taken as a number"
                )
    return notes


def _first(where: np.ndarray) -> str:
    return ", ".join(map(str, np.argwhere(where)[0])) if where.ndim else "0"
