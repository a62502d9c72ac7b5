"""A user's data file as named float64 arrays: .npz, .json, .csv by name, one .npy as `y`."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np

from flowcheck import files
from flowcheck.numpy_files import DataError, as_float64, load

SUFFIXES = (".npz", ".npy", ".json", ".csv")


def read(path: str | None) -> dict[str, np.ndarray]:
    """The arrays of a data file by name, all float64; {} for None.

    .csv: a column each, by the header line. .json: an object of numbers and (nested) lists of
    numbers. .npy: {"y": array}. Values that are not finite pass: they may stand for what is
    missing, and a density that is not finite is found later.

    Raises DataError, naming file and array, for text, ragged lists, and files that cannot be read.
    """
    if path is None:
        return {}
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path}: data are read from {', '.join(SUFFIXES)} files; save them as one of these"
        )
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; fix the target's `data`") from None
    if suffix == ".csv":
        arrays = _columns(_text(content, path), path)
    elif suffix == ".json":
        arrays = _object(_text(content, path), path)
    else:
        arrays = _numpy(content, path)
    return {name: _numbers(values, name, path) for name, values in arrays.items()}


def read_draws(path: str, stats: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """A user's draws by parameter: of an .npz file, or of the posterior of an ArviZ netCDF.

    stats: arrays beside them, as `files.read_named` has them.

    Raises ValueError, naming the file, for one that is torn or holds no such draws.
    """
    if Path(path).suffix.lower() == ".npz":
        loaded = load(Path(path).read_bytes(), path)
        if isinstance(loaded, dict):
            return loaded
        raise DataError(f"{path} is a single array: save draws by name, with numpy.savez")
    return files.read_named(path, stats)


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8: {error}; save it again as UTF-8") from None


def _numpy(content: bytes, path: str) -> dict:
    loaded = load(content, path)
    return {"y": loaded} if isinstance(loaded, np.ndarray) else loaded


def _object(text: str, path: str) -> dict:
    def once(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise DataError(f"{path}: a name appears twice in {sorted(names)}; rename one")
        return dict(pairs)

    def number(digits):
        return _finite(digits, f"{path}: the number")

    try:
        content = json.loads(text, object_pairs_hook=once, parse_float=number)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise DataError(f"{path}: lists are nested too deeply to read; flatten them") from None
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: {error}; write it in fewer digits") from None
    if not isinstance(content, dict):
        raise DataError(f'{path}: an object of named arrays is expected, such as {{"y": [1, 2]}}')
    return content


def _columns(text: str, path: str) -> dict:
    reader = csv.reader(io.StringIO(text))
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; save it again") from None
    if len(rows) < 2:
        raise DataError(
            f"{path}: expected a header line with the columns' names, then a line for each row"
        )
    header = [name.strip() for name in rows[0][1]]
    if "" in header or len(set(header)) < len(header):
        raise DataError(f"{path}: each column needs its own name; the header is {header}")
    if all(_is_number(name) for name in header):
        raise DataError(f"{path}: the first line should name the columns, but it holds numbers")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise DataError(f"{path}, line {line}: {len(row)} values for {len(header)} columns")
    columns = {}
    for column, name in enumerate(header):
        for line, row in rows[1:]:
            if not _is_number(row[column]):
                raise DataError(
                    f"{path}, line {line}: column '{name}' holds text, {row[column]!r}; {_CODES}"
                )
        columns[name] = [
            _finite(row[column], f"{path}, line {line}: column '{name}',") for line, row in rows[1:]
        ]
    return columns


_CODES = "data are numbers: leave it out, or write a number for each category"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    # Python's own ways to write a number, such as 1_000, are none of a data file.
    return "_" not in text and text.isascii()


def _finite(text: str, place: str) -> float:
    """The number that a text spells; one that only overflows to infinity is an error."""
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise DataError(f"{place} {text[:40]} is too large for float64; rescale it")
    return value


def _numbers(values, name: str, path: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{path}: '{name}' has rows of different lengths; make them equally long"
        ) from None
    if array.dtype.kind == "O" and all(type(value) is int for value in array.flat):
        raise DataError(f"{path}: '{name}' has integers of more than 64 bits; rescale them")
    if array.dtype.kind == "O":
        raise DataError(f"{path}: '{name}' holds something that is not a number; {_CODES}")
    if array.dtype.kind in "USMmV":
        raise DataError(f"{path}: '{name}' holds text or dates ({array.dtype}); {_CODES}")
    if array.dtype.kind == "c":
        raise DataError(f"{path}: '{name}' holds complex numbers; save their two parts by name")
    return as_float64(array, f"{path}: '{name}'")
