"""Reads and writes the formats of the results; the only library module that touches the disk.

Every file appears whole or not at all: it is written beside its place and then renamed.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

# The entry of a weights file's header that is ours.
_HEADER = "flowcheck"


def write_whole(path: str | Path, write: Callable[[Path], object]) -> None:
    """Call `write` on a temporary file beside `path`, then rename it to `path`.

    The temporary name keeps the suffix, from which some writers tell the format.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        write(temporary)
        # Some writers make private files; on a shared disk the umask should decide.
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_arrays(path: str, **arrays: np.ndarray) -> None:
    """Named arrays as .npz."""
    write_whole(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """All arrays of an .npz file, in memory."""
    with np.load(path) as archive:
        return dict(archive)


def write_table(path: str, table: pd.DataFrame) -> None:
    """A tidy CSV: one header line, float64 in full precision."""
    write_whole(path, lambda file: table.to_csv(file, index=False))


def write_json(path: str, content: dict) -> None:
    """Indented JSON. Raises ValueError for NaN or infinity, which JSON has no word for."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))


def read_json(path: str) -> dict:
    """A JSON file's content."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_weights(path: str, params: dict, metadata: dict | None = None) -> None:
    """Named torch tensors as .safetensors; `metadata`, JSON, says in its header what they are."""
    from safetensors.torch import save_file

    contiguous = {name: value.detach().cpu().contiguous() for name, value in params.items()}
    # A header maps text to text. One sorted entry: equal weights, equal bytes.
    header = {_HEADER: json.dumps(metadata, sort_keys=True)} if metadata is not None else None
    write_whole(path, lambda file: save_file(contiguous, file, metadata=header))


def read_weights(path: str | Path) -> dict:
    """Named torch tensors of a .safetensors file. Raises ValueError if it is not a whole one."""
    from safetensors.torch import load_file

    return _of_safetensors(path, load_file)


def read_weights_metadata(path: str | Path) -> dict:
    """What `write_weights` was told of the tensors, empty if nothing. Raises as `read_weights`."""
    from safetensors import safe_open

    def header(path):
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}

    return json.loads(_of_safetensors(path, header).get(_HEADER, "{}"))


def _of_safetensors(path: str | Path, read: Callable):
    from safetensors import SafetensorError

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        return read(path)
    except SafetensorError as error:
        raise ValueError(
            f"{path} is not a whole .safetensors file: {error}. Delete it and run again"
        ) from None


def write_chains(
    path: str,
    theta: np.ndarray,
    stats: dict[str, np.ndarray],
    named: dict[str, np.ndarray] | None = None,
) -> None:
    """ArviZ netCDF of chains theta [chain, draw, dim], with `sample_stats` [chain, draw] each.

    The posterior holds `theta`; or, where the target has names, each parameter [chain, draw, ...],
    constrained, with theta in a group `unconstrained_posterior`.
    """
    from arviz_base import from_dict

    groups = {"posterior": named or {"theta": theta}, "sample_stats": stats}
    if named:
        groups["unconstrained_posterior"] = {"theta": theta}
    _write_tree(path, from_dict(groups, dims={"theta": ["dim"]}))


def read_theta(path: str) -> np.ndarray:
    """The unconstrained draws [chain, draw, dim] of a file that `write_chains` wrote."""
    tree = read_chains(path)
    own = "unconstrained_posterior" if "unconstrained_posterior" in tree else "posterior"
    return tree[own]["theta"].values


def read_named(path: str, stats: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """The draws by parameter name, [chain, draw, ...] each, of an ArviZ netCDF or an .npz file.

    stats: arrays that an .npz has beside them, and a netCDF in its group `sample_stats`; those that
    the file has. Raises ValueError, naming the file, for one that cannot be read.
    """
    if not Path(path).is_file():
        raise ValueError(f"{path}: no such file")
    if str(path).endswith(".npz"):
        return _of_npz(path)
    try:
        tree = read_chains(path)
    except Exception as error:  # h5netcdf and xarray raise a dozen kinds
        raise ValueError(
            f"{path} cannot be read as netCDF: {_first_line(error)}. Write it with ArviZ "
            "(idata.to_netcdf), or as an .npz of arrays by name (numpy.savez)"
        ) from None
    if "posterior" not in tree:
        groups = ", ".join(tree.children) or "none"
        raise ValueError(f"{path} has no group `posterior` (groups: {groups})")
    found = {name: values.values for name, values in tree["posterior"].items()}
    beside = tree.get("sample_stats", {})
    return found | {name: beside[name].values for name in stats if name in beside}


def _of_npz(path: str) -> dict[str, np.ndarray]:
    try:
        found = np.load(path)
        found = found if isinstance(found, np.ndarray) else read_arrays(path)
    except Exception as error:  # zipfile, zlib, EOF, pickles
        raise ValueError(
            f"{path} cannot be read as .npz: {_first_line(error)}. Write it with numpy.savez, "
            "an array of numbers for each name"
        ) from None
    if isinstance(found, np.ndarray):
        raise ValueError(f"{path} holds one array without a name: use numpy.savez, not numpy.save")
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def write_draws(path: str, named: dict[str, np.ndarray], stats: dict[str, np.ndarray]) -> None:
    """ArviZ netCDF of draws by parameter name, [chain, draw, ...] each; `sample_stats` likewise."""
    from arviz_base import from_dict

    groups = {"posterior": named} | ({"sample_stats": stats} if stats else {})
    _write_tree(path, from_dict(groups))


def _write_tree(path: str, tree) -> None:
    for group in tree.subtree:
        group.attrs.pop("created_at", None)  # equal chains, equal bytes
    write_whole(path, lambda file: tree.to_netcdf(file, engine="h5netcdf"))


def read_chains(path: str):
    """The xarray DataTree of a chain file, in memory."""
    import xarray

    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def write_figure(paths: list[str], figure) -> None:
    """A matplotlib figure under each path, the format by the suffix; equal figures, equal bytes."""
    for path in paths:
        metadata = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
        write_whole(path, lambda file, metadata=metadata: figure.savefig(file, metadata=metadata))


def fingerprint(paths: list[str]) -> str:
    """sha256 over the contents of the files at `paths`, in their order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()
