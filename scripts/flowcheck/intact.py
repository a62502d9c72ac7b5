"""Whether a file of the results still holds what was written, and what is said if not.

Every file that can carry more than its contract asks for carries a record of itself: what it is of
(its place among the results), a digest of its content, and how many of its numbers are not finite.
An .npz has it as its archive's comment, a .safetensors file and a netCDF file in their metadata, a
JSON file under the key `record`. A table has no room for one: its values are checked.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

RECORD = "record"
# How a file that a step made is mended: it is made again.
REMEDY = "Delete it and run again"


class Unusable(ValueError):
    """A file that is not what its reader needs; the message names it and says what to do."""

    def __init__(self, path: str | Path, what: str, remedy: str = REMEDY):
        super().__init__(f"{path} {what}. {remedy}")


@contextmanager
def refusing(path: str | Path, remedy: str = REMEDY) -> Iterator[None]:
    """Whatever a reader of `path` raises inside, as one paragraph that names the file.

    Raises FileNotFoundError if there is no such file, and Unusable for all else, but for a lack of
    memory and a disk that fails, which are no fault of the file.
    """
    try:
        with open(path, "rb"):  # some readers' own errors do not tell these from each other
            pass
        yield
    except (Unusable, MemoryError):
        raise
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file. Run again to make it") from None
    except IsADirectoryError:
        raise Unusable(path, "is a folder where a file should be", remedy) from None
    except PermissionError:
        raise Unusable(path, "cannot be read: check its permissions", remedy) from None
    except Exception as error:
        if isinstance(error, OSError) and Path(path).stat().st_size and _reading_fails(path):
            raise
        kind = Path(path).suffix.removeprefix(".") or "data"
        raise Unusable(path, f"is not a whole .{kind} file: {_first_line(error)}", remedy) from None


def _reading_fails(path: str | Path) -> bool:
    """Whether the disk, and not the content, is at fault."""
    try:
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    except OSError:
        return True
    return False


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def not_finite(arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
    """How many numbers of each array are NaN or infinite, where any is."""
    counts = {
        name: int(values.size - np.isfinite(values).sum())
        for name, values in arrays.items()
        if np.issubdtype(values.dtype, np.inexact)
    }
    return {name: count for name, count in counts.items() if count}


def digest(arrays: Mapping[str, np.ndarray], more: object = None) -> str:
    """sha256 over the names, kinds, shapes and bytes of arrays, and over `more`, as JSON."""
    found = hashlib.sha256(json.dumps(more, sort_keys=True).encode())
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {values.dtype.str} {values.shape}".encode())
        # A boolean is a byte whatever its value; the buffer of any other kind is its content.
        found.update(values.view(np.uint8).data if values.size else b"")
    return found.hexdigest()


def record(of: Mapping[str, str], arrays: Mapping[str, np.ndarray], more: object = None) -> dict:
    """What a file that holds `arrays`, and `more` beside them, says of itself."""
    return {"of": dict(of), "not_finite": not_finite(arrays), "sha256": digest(arrays, more)}


def check(
    path: str | Path,
    own: dict | None,
    of: Mapping[str, str],
    arrays: Mapping[str, np.ndarray],
    more: object = None,
) -> None:
    """Raise Unusable unless the file's own record is true of what was read from it.

    own: the record, None if the file has none: then its numbers must be finite. of: what belongs
    at its place, as `contract.place` says.
    """
    found = not_finite(arrays)
    if own is None:
        if found and of:
            raise Unusable(path, f"holds numbers that are not finite, in {', '.join(found)}")
        return
    if not isinstance(own, dict) or not {"of", "sha256"} <= set(own) or type(own["of"]) is not dict:
        raise Unusable(path, "carries a record of itself that cannot be read")
    if of and own["of"] and own["of"] != dict(of):
        names = [name for name in (*of, *own["of"]) if own["of"].get(name) != of.get(name)]
        here, there = (
            ", ".join(f"{name} {one[name]}" for name in dict.fromkeys(names) if name in one)
            for one in (of, own["of"])
        )
        raise Unusable(path, f"is of {there}, not of {here}")
    if own["sha256"] != digest(arrays, more):
        raise Unusable(path, "is damaged, or was changed by hand: its digest does not match")


def require_shapes(
    path: str | Path, found: Mapping[str, object], wanted: Mapping[str, Sequence[int | None]]
) -> None:
    """Raise Unusable unless `found`, read from `path`, has exactly arrays of these shapes.

    found: arrays or tensors by name. wanted: None where an axis may have any length.
    """
    if others := sorted(set(found) ^ set(wanted)):
        raise Unusable(path, f"is of another model: only one of the two has {others[0]}")
    for name, shape in wanted.items():
        own = tuple(found[name].shape)
        if len(own) != len(shape) or any(
            b not in (None, a) for a, b in zip(own, shape, strict=True)
        ):
            expected = ", ".join("any" if length is None else str(length) for length in shape)
            raise Unusable(path, f"holds {name} of shape {list(own)}, not [{expected}]")
