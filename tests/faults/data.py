"""Data files of the user's own: torn, of the wrong kind, or with values that would be lost."""

import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flowcheck import files, observations, user_data
from flowcheck.numpy_files import fill_values
from tests.faults.case import ACCEPTED, SURVIVED, Case, Outcome, refusal


class Harmful:
    """Unpickling it would be noticed."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was loaded')",)


def npy(*arrays, pickled: bool = False) -> bytes:
    """One .npy file that holds these arrays one after the other."""
    stream = io.BytesIO()
    for array in arrays:
        np.save(stream, array, allow_pickle=pickled)
    return stream.getvalue()


def archive(*members: tuple[str, bytes]) -> bytes:
    """An .npz file of members as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file, warnings.catch_warnings():
        for name, content in members:
            warnings.simplefilter("ignore", UserWarning)  # two members of one name are meant
            file.writestr(name, content)
    return stream.getvalue()


def header(text: str) -> bytes:
    """A .npy file with this header and no values."""
    line = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line


ONES = np.ones(100)
VAST = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
# Content of a .npy file, or of an array in an .npz file, and words that the refusal holds.
ARRAYS = {
    "no bytes": (b"", "empty"),
    "text": (b"1.0\n2.0\n", "numpy.save"),
    "HTML": (b"<html>404</html>", "numpy.save"),
    "a truncated header": (npy(ONES)[:40], "numpy.save"),
    "truncated values": (npy(ONES)[:-1], "numpy.save"),
    "a spoiled header": (npy(ONES).replace(b"'shape'", b"'shap(("), "numpy.save"),
    "a header without end": (npy(ONES).replace(b"}", b"("), "numpy.save"),
    "a header that is code": (header("__import__('os').getcwd()"), "numpy.save"),
    "a header of vast size": (header(VAST), "numpy.save"),
    "a negative size": (header(VAST.replace("1000000000000", "-1")), "numpy.save"),
    "two arrays": (npy(ONES, ONES), "after its array"),
    "three arrays": (npy(ONES, ONES, ONES), "after its array"),
    "an array and an empty one": (npy(ONES, np.ones(0)), "after its array"),
    "an array and text": (npy(ONES) + b"notes", "5 bytes after"),
    "an array and a newline": (npy(ONES) + b"\n", "1 bytes after"),
    "objects": (npy(np.array([Harmful()], object), pickled=True), "Python objects"),
    "objects and numbers": (npy(np.array([1, None], object), pickled=True), "Python objects"),
    "ragged rows": (npy(np.array([[1], [1, 2]], object), pickled=True), "Python objects"),
    "text in an array": (npy(np.array(["1", "2"])), ""),
    "bytes in an array": (npy(np.array([b"1"])), ""),
    "complex numbers": (npy(np.array([1j])), "complex"),
    "dates": (npy(np.array(["2020-01-01"], "M8[D]")), ""),
    "durations": (npy(np.array([1], "m8[s]")), ""),
    "records": (npy(np.zeros(3, [("y", "f8")])), ""),
    "a long double that overflows": (npy(np.array([1.0, np.longdouble("1e4000")])), "too large"),
    "long doubles that overflow": (npy(np.full(9, -np.longdouble("1e400"))), "9 values too large"),
    "integers beyond 2^53": (npy(np.array([1, 2**53 + 1])), "beyond 2**53"),
    "the least integer": (npy(np.array([-(2**63)])), "beyond 2**53"),
    "unsigned integers beyond 2^53": (npy(np.array([2**64 - 1], np.uint64)), "beyond 2**53"),
}  # fmt: skip
# Of the banana's y alone, which must be one axis of finite numbers.
OF_Y = {
    "two axes": (np.ones((5, 2)), "one axis"),
    "no axis": (np.float64(3), "one axis"),
    "no values": (np.ones(0), "one axis"),
    "logical values": (np.array([True]), "real numbers"),
    "NaN": (np.array([0, np.nan]), "not finite"),
    "infinity": (np.array([np.inf, 0]), "not finite"),
    "minus infinity": (np.array([0, -np.inf]), "not finite"),
    "masked values": (np.ma.masked_invalid([1, np.nan]).filled(np.nan), "not finite"),
}  # fmt: skip
TEXTS = {
    "two arrays of a name.npz": (archive(("y.npy", npy(ONES)), ("y.npy", npy(ONES))), "two arrays"),
    "no array.npz": (archive(("y.txt", b"1 2 3")), "not an array"),
    "an array and a note.npz": (archive(("y.npy", npy(ONES)), ("README", b"")), "not an array"),
    "a nameless array.npz": (archive((".npy", npy(ONES))), "called ''"),
    "a name of the writer's.npz": (archive(("file.npy", npy(ONES))), "called 'file'"),
    "another of them.npz": (archive(("allow_pickle.npy", npy(ONES))), "allow_pickle"),
    "a torn archive.npz": (archive(("y.npy", npy(ONES)))[:-30], "whole NumPy file"),
    "a spoiled member.npz": (
        archive(("y.npy", npy(ONES))).replace(b"\xf0?", b"\xf1?", 1), "whole NumPy file"),
    "an archive's beginning.npz": (b"PK\x03\x04", "whole NumPy file"),
    "a spreadsheet.npz": (archive(("xl/workbook.xml", b"<x/>")), "not an array"),
    "no bytes.json": (b"", "not JSON"),
    "half a list.json": (b'{"y": [1, 2', "line 1"),
    "a list.json": (b"[1, 2]", "named arrays"),
    "a number.json": (b"3", "named arrays"),
    "text.json": (b'{"y": ["a"]}', "text"),
    "a word.json": (b'{"y": "NA"}', "text"),
    "null.json": (b'{"y": [1, null]}', "not a number"),
    "an object inside.json": (b'{"y": {"a": 1}}', "not a number"),
    "ragged.json": (b'{"y": [[1], [1, 2]]}', "different lengths"),
    "a name twice.json": (b'{"y": [1], "y": [2]}', "appears twice"),
    "1e400.json": (b'{"y": [1, 1e400]}', "too large"),
    "minus 1e999.json": (b'{"y": -1e999}', "too large"),
    "a vast integer.json": (b'{"y": [' + b"9" * 400 + b"]}", "64 bits"),
    "5,000 digits.json": (b'{"y": [' + b"9" * 5000 + b"]}", "digits"),
    "2^64.json": (b'{"y": [1, 18446744073709551617]}', "64 bits"),
    "2^53 + 1.json": (b'{"n": [9007199254740993]}', "beyond 2**53"),
    "100,000 lists deep.json": (b'{"y": ' + b"[" * 100_000, "nested too deeply"),
    "a comment.json": (b'{"y": [1]} // note', "not JSON"),
    "Latin-1.json": ('{"größe": [1]}'.encode("latin-1"), "UTF-8"),
    "UTF-16.csv": ("y\n1\n".encode("utf-16"), "UTF-8"),
    "no bytes.csv": (b"", "header line"),
    "a header alone.csv": (b"y\n", "header line"),
    "no header.csv": (b"1,2\n3,4\n", "name the columns"),
    "a missing value.csv": (b"y,x\n1,\n", "column 'x' holds text"),
    "NA.csv": (b"y\n1\nNA\n", "line 3"),
    "a word.csv": (b"y\nmany\n", "'many'"),
    "a date.csv": (b"y\n2020-01-01\n", "'2020-01-01'"),
    "a decimal comma.csv": (b"y\n1,5\n", "2 values for 1 columns"),
    "semicolons.csv": (b"y;x\n1;2\n", "holds text"),
    "a short row.csv": (b"y,x\n1,2\n3\n", "line 3: 1 values"),
    "a long row.csv": (b"y,x\n1,2,3\n", "3 values"),
    "a column twice.csv": (b"y,y\n1,2\n", "its own name"),
    "a nameless column.csv": (b"y,\n1,2\n", "its own name"),
    "1e400.csv": (b"y\n1e400\n", "too large"),
    "400 digits.csv": (b"y\n" + b"9" * 400 + b"\n", "too large"),
    "Python's 1_000.csv": (b"y\n1_000\n", "holds text"),
    "full-width digits.csv": ("y\n\uff11\uff12\n".encode(), "holds text"),
    "a hexadecimal.csv": (b"y\n0x10\n", "holds text"),
    "a percentage.csv": (b"y\n10%\n", "holds text"),
    "a currency.csv": ("y\n£3\n".encode(), "holds text"),
    "a thousand separator.csv": (b'y\n"1,000"\n', "holds text"),
    "a field of a megabyte.csv": (b'y\n"' + b"9" * 1_000_000 + b'"\n', "line"),
    "a spreadsheet.xlsx": (b"PK\x03\x04", "are read from"),
    "a pickle.pkl": (b"\x80\x04N.", "are read from"),
    "no suffix": (b"1 2 3", "are read from"),
}  # fmt: skip
# (name, values, the number that is to be named); None: none is.
FILLED = (
    ("1e20 among temperatures", [280.5, 1e20, 291.0, 1e20], "1e+20 2 times"),
    ("netCDF's own", [0.1, 0.2, 9.96921e36], "9.96921e+36"),
    ("-1e30", [1.0, 2.0, -1e30], "-1e+30"),
    ("-999 among lengths", [1.5, 2.5, 3.0, -999.0], "-999"),
    ("-9999 among rain", [0.0, 12.0, 3.0, -9999.0], "-9999"),
    ("-99 among ages", [30.0, 41.0, -99.0], "-99"),
    ("9999 among years of age", [30.0, 41.0, 9999.0], "9999"),
    ("-32768 among counts", [1.0, 5.0, -32768.0], "-32768"),
    ("two of them", [1.0, 2.0, -999.0, 1e20], "-999"),
    ("in a table", [[1.0, 2.0], [3.0, -999.0]], "-999"),
    ("beside NaN", [1.0, 2.0, np.nan, -999.0], "-999"),
    ("-999 among thousands", [-1500.0, 2000.0, -999.0], None),
    ("large numbers", [1e21, 3e21, 2e21], None),
    ("ordinary numbers", [1.0, 2.0, 3.0], None),
)  # fmt: skip


def on_disk(name: str, content: bytes, read: Callable[[str], object]):
    """What `read` makes of a file of that name and content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        return read(str(path))


def _refused(name: str, content: bytes, read: Callable, *words: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        outcome = refusal(lambda: on_disk(name, content, read), name, *words)
        for advice in ("unsafe", "allow_pickle="):
            if advice in outcome.message:
                return Outcome(ACCEPTED, f"advises {advice}: {outcome.message}")
        return outcome

    return run


def _filled(values, wanted: str | None) -> Callable[[], Outcome]:
    def run() -> Outcome:
        said = "; ".join(fill_values({"y": np.array(values)}))
        right = (wanted in said) if wanted else said == ""
        return Outcome(SURVIVED if right else ACCEPTED, said or "no warning")

    return run


def _cases():
    for what, (content, words) in ARRAYS.items():
        yield f"{what}, .npy", _refused("mine.npy", content, user_data.read, words)
        yield f"{what}, the banana's", _refused("mine.npy", content, observations.own, words)
        inside = archive(("good.npy", npy(ONES)), ("y.npy", content))
        yield f"{what}, .npz", _refused("mine.npz", inside, user_data.read, "'y'", words)
        if "beyond" not in words and "large" not in words:
            yield (
                f"{what}, published",
                _refused(
                    observations.PUBLISHED_NAME,
                    content,
                    lambda path: observations.published(str(Path(path).parent)),
                    "not the published data",
                ),
            )
    for what, (array, words) in OF_Y.items():
        yield f"{what}, the banana's", _refused("mine.npy", npy(array), observations.own, words)
    for name, (content, words) in TEXTS.items():
        yield name, _refused(name, content, user_data.read, words)
    for name in ("draws.nc", "draws.npz"):
        for what, content in (
            ("no bytes", b""),
            ("text", b"1 2 3"),
            ("HDF5's first bytes", b"\x89HDF\r\n\x1a\n" + bytes(100)),
        ):
            yield f"{what}, {name}", _refused(name, content, files.read_named)


CASES = [
    *(Case(name, "data files", run) for name, run in _cases()),
    *(Case(name, "fill values", _filled(values, wanted)) for name, values, wanted in FILLED),
    Case(
        "a FLOWCHECK_DATA that is not there",
        "data files",
        lambda: refusal(lambda: observations.published("/no/such/folder"), "/no/such/folder"),
    ),
]
