"""Files of draws that cannot be read: each is named, with how to write it."""

from pathlib import Path

import numpy as np
import pytest

from flowcheck.user_data import read_draws

THETA = np.random.default_rng(0).standard_normal((4, 50, 2))


def _truncated(path: Path) -> None:
    np.savez(path, y=THETA)
    path.write_bytes(path.read_bytes()[:200])


def _pickled(path: Path) -> None:
    np.savez(path, y=np.array([{"a": 1}], dtype=object))


def _alone(path: Path) -> None:
    with open(path, "wb") as file:
        np.save(file, THETA)


def _no_posterior(path: Path) -> None:
    import xarray

    tree = xarray.DataTree.from_dict({"prior": xarray.Dataset({"y": ("n", [1.0])})})
    tree.to_netcdf(path, engine="h5netcdf")


# What is wrong with a file of draws: its name, how it is made, and what is said.
UNREADABLE = {
    "no file": ("none.npz", lambda path: None, "none.npz"),
    "no zip": ("a.npz", lambda path: path.write_text("text"), "a.npz"),
    "half a zip": ("a.npz", _truncated, "not a whole NumPy file"),
    "objects": ("a.npz", _pickled, "a.npz"),
    "one array": ("a.npz", _alone, "save draws by name, with numpy.savez"),
    "no netCDF": ("a.nc", lambda path: path.write_text("text"), "a.nc is not a whole .nc file"),
    "an empty file": ("a.nc", lambda path: path.write_bytes(b""), "a.nc is not a whole .nc file"),
    "no posterior": ("a.nc", _no_posterior, "it has no group `posterior`"),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_draws_that_cannot_be_read_are_named(tmp_path, fault):
    name, make, said = UNREADABLE[fault]
    make(tmp_path / name)
    with pytest.raises((ValueError, OSError), match=said):
        read_draws(str(tmp_path / name))
