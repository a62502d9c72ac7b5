"""Reads and writes the formats of the results; the only library module that uses the disk.

Every file appears whole or not at all: it is written beside its place and then renamed. What is
read is checked: that the file is whole, that its record of itself is true (flowcheck.intact), and
that it holds what belongs at its place (flowcheck.contract). If not, `intact.Unusable` names the
file, says what is wrong, and what to do.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # a quarter of a second, and a table that is given brings it
    import pandas as pd

from flowcheck import contract, intact
from flowcheck.intact import RECORD, Unusable, refusing

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


def write_arrays(path: str, /, **arrays: np.ndarray) -> None:
    """Named arrays as .npz; the archive's comment is the file's record of itself."""
    arrays = {name: np.asarray(values) for name, values in arrays.items()}

    def write(file):
        np.savez(file, allow_pickle=False, **arrays)
        with zipfile.ZipFile(file, "a") as archive:
            own = intact.record(contract.place(path), arrays)
            archive.comment = json.dumps(own, sort_keys=True).encode()

    write_whole(path, write)


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """All arrays of an .npz file, in memory."""
    with refusing(path):
        arrays, comment = _unpacked(path)
        own = json.loads(comment) if comment else None
    contract.check_arrays(path, arrays)
    if own is None and contract.needs_record(path):
        raise Unusable(path, "carries no record of what it is: it was not written by a step")
    intact.check(path, own, contract.place(path), arrays)
    return arrays


def _unpacked(path: str) -> tuple[dict[str, np.ndarray], bytes]:
    """The arrays of an .npz file, each checked against its own checksum, and its comment."""
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
    with np.load(path, allow_pickle=False) as loaded:
        return dict(loaded), comment


def write_table(path: str, table: "pd.DataFrame") -> None:
    """A tidy CSV: one header line, float64 in full precision."""
    write_whole(path, lambda file: table.to_csv(file, index=False))


def read_table(path: str) -> "pd.DataFrame":
    """A tidy CSV that `write_table` wrote. Nothing but an empty cell is unknown: NaN may be a name.

    A whole one ends with a line's end.
    """
    import pandas as pd

    with refusing(path):
        text = Path(path).read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise Unusable(path, "is not a whole .csv file: its last line is cut off")
        names = dict.fromkeys(contract.names_of(path), str)
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=names)
    contract.check_table(path, table)
    return table


def write_json(path: str, content: dict) -> None:
    """Indented JSON. Raises ValueError for NaN or infinity, which JSON cannot represent."""
    if of := contract.place(path):
        # As it will be read: a key that is a number becomes text.
        plain = json.loads(json.dumps(content, allow_nan=False))
        content = content | {RECORD: {"of": of, "sha256": intact.digest({}, _measured(plain))}}
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))


def read_json(path: str) -> dict:
    """A JSON file's content, without the record of itself."""

    def refuse(word):
        raise Unusable(path, f"holds {word}, which is not a number")

    with refusing(path):
        text = Path(path).read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=refuse, object_pairs_hook=_without_doubles)
    own = content.pop(RECORD, None) if isinstance(content, dict) else None
    contract.check_content(path, content)
    intact.check(path, own, contract.place(path), {}, _measured(content))
    return content


def _measured(content: dict) -> dict:
    """A record without what a reader may overrule."""
    if not isinstance(content, dict):
        return content
    return {name: value for name, value in content.items() if name not in contract.JUDGEMENT}


def _without_doubles(pairs: list[tuple]) -> dict:
    """A JSON object; the standard library takes the last of two entries of one name."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"a key appears twice among {', '.join(names)}")
    return dict(pairs)


def write_weights(path: str, params: dict, metadata: dict | None = None) -> None:
    """Named torch tensors as .safetensors; `metadata`, JSON, says in its header what they are."""
    from safetensors.torch import save_file

    contiguous = {name: value.detach().cpu().contiguous() for name, value in params.items()}
    arrays = {name: value.numpy() for name, value in contiguous.items()}
    metadata = json.loads(json.dumps(metadata or {}))
    # A header maps text to text. One sorted entry: equal weights, equal bytes.
    own = metadata | {RECORD: intact.record(contract.place(path), arrays, metadata)}
    header = {_HEADER: json.dumps(own, sort_keys=True)}
    write_whole(path, lambda file: save_file(contiguous, file, metadata=header))


def read_weights(path: str | Path, like: dict | None = None) -> dict:
    """Named torch tensors of a .safetensors file that `write_weights` wrote.

    like: tensors by name, whose names and shapes the file's must be.
    """
    weights = _weights(path)[0]
    if like is not None:
        intact.require_shapes(path, weights, {name: value.shape for name, value in like.items()})
    return weights


def read_weights_metadata(path: str | Path) -> dict:
    """What `write_weights` was told of the tensors, empty if nothing."""
    return _weights(path)[1]


def _weights(path: str | Path) -> tuple[dict, dict]:
    """The tensors of a file, and its metadata without the record of itself."""
    from safetensors import safe_open

    with refusing(path), safe_open(path, framework="pt") as file:
        metadata = json.loads((file.metadata() or {}).get(_HEADER, "{}"))
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        own = metadata.pop(RECORD, None)
    if own is None:
        raise Unusable(path, "carries no digest: it is damaged, or of an older version")
    arrays = {name: value.numpy() for name, value in weights.items()}
    intact.check(path, own, contract.place(path), arrays, metadata)
    return weights, metadata


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


def read_theta(path: str, dim: int | None = None) -> np.ndarray:
    """The unconstrained draws [chain, draw, dim] of a file that `write_chains` wrote.

    dim: how many dimensions they must have; any, unless given.
    """
    tree = read_chains(path)
    own = "unconstrained_posterior" if "unconstrained_posterior" in tree else "posterior"
    if own not in tree or "theta" not in tree[own]:
        raise Unusable(path, "holds no draws of theta")
    theta = tree[own]["theta"].values
    if not theta.size:
        raise Unusable(path, "holds no draws of theta")
    if theta.dtype != np.float64:
        raise Unusable(path, f"holds theta of dtype {theta.dtype}")
    intact.require_shapes(path, {"theta": theta}, {"theta": (None, None, dim)})
    return theta


def read_named(path: str, stats: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """A user's draws by parameter name, [chain, draw, ...] each, from ArviZ netCDF or .npz.

    stats: arrays that an .npz has beside them, and a netCDF in its group `sample_stats`; those that
    the file has are among the result.
    """
    with refusing(path, "Write it again, or name another file"):
        if str(path).endswith(".npz"):
            return _unpacked(path)[0]
        tree = _open_tree(path)
        if "posterior" not in tree:
            raise ValueError("it has no group `posterior`, as InferenceData.to_netcdf writes")
        found = {name: values.values for name, values in tree["posterior"].items()}
        beside = tree.get("sample_stats", {})
        return found | {name: beside[name].values for name in stats if name in beside}


def write_draws(path: str, named: dict[str, np.ndarray], stats: dict[str, np.ndarray]) -> None:
    """ArviZ netCDF of draws by parameter name, [chain, draw, ...] each; `sample_stats` likewise."""
    from arviz_base import from_dict

    groups = {"posterior": named} | ({"sample_stats": stats} if stats else {})
    _write_tree(path, from_dict(groups))


def _write_tree(path: str, tree) -> None:
    for group in tree.subtree:
        group.attrs.pop("created_at", None)  # equal chains, equal bytes
    own = intact.record(contract.place(path), _variables(tree))
    tree.attrs[RECORD] = json.dumps(own, sort_keys=True)
    write_whole(path, lambda file: tree.to_netcdf(file, engine="h5netcdf"))


def _variables(tree) -> dict[str, np.ndarray]:
    """All variables of a DataTree, coordinates too, by "/group/name"; a boolean is a byte."""
    found = {}
    for group in tree.subtree:
        for name, values in group.to_dataset(inherit=False).variables.items():
            own = values.values
            found[f"{group.path}/{name}"] = own.astype(np.uint8) if own.dtype == bool else own
    return found


def read_chains(path: str):
    """The xarray DataTree of a chain file, in memory."""
    with refusing(path):
        tree = _open_tree(path)
        own = json.loads(tree.attrs[RECORD]) if RECORD in tree.attrs else None
        variables = _variables(tree)
    contract.check_chains(path, variables)
    intact.check(path, own, contract.place(path), variables)
    return tree


def _open_tree(path: str):
    import h5py
    import xarray

    with h5py.File(path, "r"):  # what is none is refused here without noise
        pass
    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def write_figure(paths: list[str], figure) -> None:
    """A matplotlib figure under each path, the format by the suffix; equal figures, equal bytes.

    All formats share one layout: `figure` is laid out once, and keeps it.
    """
    if engine := figure.get_layout_engine():  # each savefig would draw the figure once more for it
        engine.execute(figure)
        figure.set_layout_engine("none")
    for path in paths:
        metadata = {"Date": None} if str(path).endswith(".svg") else {"Software": None}
        write_whole(path, lambda file, metadata=metadata: figure.savefig(file, metadata=metadata))


def fingerprint(paths: list[str]) -> str:
    """sha256 over the contents of the files at `paths`, in their order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()
