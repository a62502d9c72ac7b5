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
    write_whole(path, lambda file: file.write_text(text))


def read_json(path: str) -> dict:
    """A JSON file's content."""
    return json.loads(Path(path).read_text())


def write_weights(path: str, params: dict) -> None:
    """Named torch tensors as .safetensors."""
    from safetensors.torch import save_file

    contiguous = {name: value.detach().cpu().contiguous() for name, value in params.items()}
    write_whole(path, lambda file: save_file(contiguous, file))


def read_weights(path: str) -> dict:
    """Named torch tensors of a .safetensors file."""
    from safetensors.torch import load_file

    return load_file(path)


def write_chains(path: str, theta: np.ndarray, stats: dict[str, np.ndarray]) -> None:
    """ArviZ netCDF: posterior `theta` [chain, draw, dim], `sample_stats` [chain, draw] each."""
    from arviz_base import from_dict

    tree = from_dict(
        {"posterior": {"theta": theta}, "sample_stats": stats}, dims={"theta": ["dim"]}
    )
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
