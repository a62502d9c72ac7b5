"""A user's data file as named float64 arrays: .npz, .json, .csv by name, one .npy as `y`."""

import csv
import io
import json
from pathlib import Path

import numpy as np

from flowcheck.observations import DataError

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


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8: {error}; save it again as UTF-8") from None


def _numpy(content: bytes, path: str) -> dict:
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        return {"y": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except Exception as error:  # a spoiled file makes NumPy raise nearly anything
        hint = "; " + (
            "save arrays of numbers, with numpy.savez"
            if "pickle" in str(error)
            else "save it again, with numpy.savez"
        )
        raise DataError(f"{path} is not a whole NumPy file of numbers: {error}{hint}") from None


def _object(text: str, path: str) -> dict:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    if not isinstance(content, dict):
        raise DataError(f'{path}: an object of named arrays is expected, such as {{"y": [1, 2]}}')
    return content


def _columns(text: str, path: str) -> dict:
    reader = csv.reader(io.StringIO(text))
    rows = [(reader.line_num, row) for row in reader if row]
    if len(rows) < 2:
        raise DataError(f"{path}: a header line with the columns' names and a line for each row")
    header = [name.strip() for name in rows[0][1]]
    if "" in header or len(set(header)) < len(header):
        raise DataError(f"{path}: each column needs a name of its own; the header is {header}")
    if all(_is_number(name) for name in header):
        raise DataError(f"{path}: the first line should name the columns, and holds numbers")
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
        columns[name] = [float(row[column]) for _, row in rows[1:]]
    return columns


_CODES = "data are numbers: leave it out, or write a number for each category"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(values, name: str, path: str) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{path}: '{name}' has rows of different lengths; give each row as many numbers"
        ) from None
    if array.dtype.kind == "O":
        raise DataError(f"{path}: '{name}' holds something that is not a number; {_CODES}")
    if array.dtype.kind in "USMmV":
        raise DataError(f"{path}: '{name}' holds text or dates ({array.dtype}); {_CODES}")
    if array.dtype.kind == "c":
        raise DataError(f"{path}: '{name}' holds complex numbers; save their two parts by name")
    return array.astype(np.float64)
