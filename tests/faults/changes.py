"""What another program or a hand may write into an intermediate file, by its place."""

import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tests.faults import results


def edited(path: Path, change: Callable[[dict], object]) -> None:
    """JSON changed by hand, its record of itself left as it is."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def setting(**values: object) -> Callable[[Path], None]:
    return partial(edited, change=lambda content: content.update(values))


def without(key: str) -> Callable[[Path], None]:
    return partial(edited, change=lambda content: content.pop(key))


def off_the_record(change: Callable[[dict], object]) -> Callable[[Path], None]:
    """JSON written by another program: without a record of itself."""

    def both(content):
        content.pop("record")
        change(content)

    return partial(edited, change=both)


NAN = float("nan")
FAILED = {"rhat": {"value": 2.0, "limit": 1.01, "passed": False}}
CONTENTS = {
    "banana/truth.json": {
        "log_evidence NaN": setting(log_evidence=NAN),
        "log_evidence infinite": setting(log_evidence=float("inf")),
        "log_evidence a text": setting(log_evidence="-20.0"),
        "log_evidence null in the grade exact": off_the_record(
            lambda content: content.update(log_evidence=None)
        ),
        "a negative error": off_the_record(lambda content: content.update(log_evidence_se=-1)),
        "an unknown grade": setting(grade="perfect"),
        "draws from nowhere": setting(draws="yes"),
        "a digit changed": setting(log_evidence=-21.0),
        "expectations a list": setting(expectations=[]),
        "an expectation without its error": setting(expectations={"x": {"mean": 0, "sd": 1}}),
        "a negative sd": off_the_record(
            lambda content: content["expectations"]["theta[0]"].update(sd=-1.0)
        ),
        "a list": lambda path: path.write_text("[]"),
        "a number": lambda path: path.write_text("3"),
        "null": lambda path: path.write_text("null"),
        "a key twice": lambda path: path.write_text(
            path.read_text().replace('"grade"', '"grade": "disputed", "grade"', 1)
        ),
        "two objects": lambda path: path.write_text(path.read_text() * 2),
        "in another encoding": lambda path: path.write_bytes(path.read_text().encode("utf-16")),
        "a record of no kind": setting(record="yes"),
        "a record without a digest": setting(record={"of": {}}),
    },
    "banana/hmc/long.json": {
        "the verdict no": setting(passed="no"),
        "the verdict 1": setting(passed=1),
        "the verdict null": setting(passed=None),
        "passed with a check that failed": off_the_record(
            lambda content: content.update(checks=FAILED)
        ),
        "a check without a limit": setting(checks={"rhat": {"value": 1.0, "passed": True}}),
        "checks a list": setting(checks=[True]),
        "a check's value changed": setting(checks={"rhat": results.CHECK}),
        "minus four chains": setting(chains=-4),
        "half a chain": setting(chains=0.5),
    },
    "banana/evidence.json": {
        "agree a text": setting(agree="yes"),
        "an estimate NaN": setting(estimates=[{"method": "a", "value": NAN, "se": 0.1}]),
        "estimates no list": setting(estimates={}),
        "log_evidence true": setting(log_evidence=True),
    },
    "banana/exact.json": {
        "a negative variance": off_the_record(lambda content: content.update(variance=[1, -2])),
        "a mean NaN": setting(mean=[0.0, NAN]),
        "another mean": setting(mean=[0.5, 1.0]),
        "tolerance a text": setting(tolerance="small"),
    },
    "banana/flows/nice/run.json": {
        "skipped steps a number": setting(skipped_steps=0),
        "skipped steps of text": setting(skipped_steps=["0", "0"]),
        "minus one skipped": off_the_record(lambda content: content.update(skipped_steps=[-1, 0])),
    },
    "vae/digits/vae/bounds.json": {
        "log_px a number": setting(log_px=-2.0),
        "log_px of one split": setting(log_px={"train": -2.0}),
        "log_px infinite": setting(log_px={"train": float("-inf"), "test": -2.0}),
        "elbo of one split": setting(elbo={"test": -2.5}),
    },
    "theory/kl_contraction.json": {
        "a kernel without a rate": setting(kernels={"constant": {"reversible": True}}),
        "reversible a text": setting(kernels={"constant": {"rate": 0.1, "reversible": "no"}}),
    },
}  # fmt: skip
NEEDED = {
    "banana/check.json": ("dim", "names", "coordinates"),
    "banana/exact.json": ("log_evidence", "mean", "variance"),
    "banana/evidence.json": ("log_evidence", "log_evidence_se", "agree", "estimates"),
    "banana/truth.json": ("grade", "log_evidence", "log_evidence_se", "expectations", "draws"),
    "banana/hmc/long.json": ("passed", "checks", "chains"),
    "banana/hmc/long_run.json": ("seconds", "discarded"),
    "banana/flows/nice/run.json": ("skipped_steps", "replicates"),
    "vae/digits/images.json": ("shape", "sha256"),
    "vae/digits/vae/training.json": ("epochs",),
}


def repacked(path: Path, change: Callable[[dict], object], record: bool = False) -> None:
    """Arrays changed and written by another program, which keeps the file's record or does not."""
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
    with np.load(path) as archive:
        arrays = dict(archive)
    change(arrays)
    np.savez(path, **arrays)
    if record:
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = comment


def _with(name: str, change: Callable[[np.ndarray], object]) -> Callable[[dict], None]:
    def apply(arrays):
        values = arrays[name].copy()
        changed = change(values)
        arrays[name] = values if changed is None else changed

    return apply


def _nan(values: np.ndarray) -> None:
    values.flat[0] = np.nan


ARRAYS = {
    "banana/flows/nice/draws.npz": {
        "NaN": _with("theta", _nan),
        "log_q NaN": _with("log_q", _nan),
        "without log_q": lambda arrays: arrays.pop("log_q"),
        "without theta": lambda arrays: arrays.pop("theta"),
        "one replicate's axis gone": _with("theta", lambda theta: theta[0]),
        "fewer log_q than draws": _with("log_q", lambda log_q: log_q[:, 1:]),
        "no draws": _with("theta", lambda theta: theta[:, :0]),
        "single precision": _with("theta", lambda theta: theta.astype(np.float32)),
        "whole numbers": _with("theta", lambda theta: theta.astype(int)),
        "complex": _with("theta", lambda theta: theta.astype(complex)),
        "text": _with("theta", lambda theta: theta.astype(str)),
        "objects": _with("theta", lambda theta: theta.astype(object)),
    },
    "banana/exact_draws.npz": {
        "infinite": _with("theta", lambda theta: theta + np.inf),
        "one axis too many": _with("theta", lambda theta: theta[None]),
        "under another name": lambda arrays: arrays.update(x=arrays.pop("theta")),
    },
    "banana/gaussian.npz": {
        "loc of another dimension": _with("loc", lambda loc: loc[:1]),
        "factor not square": _with("factor", lambda factor: factor[:, :1]),
        "factor NaN": _with("factor", _nan),
        "without factor": lambda arrays: arrays.pop("factor"),
    },
    "banana/data.npz": {
        "NaN": _with("y", _nan),
        "without y": lambda arrays: arrays.pop("y"),
        "other data": _with("y", lambda y: y + 1),
    },
    "vae/digits/images.npz": {
        "fewer labels than images": _with("labels", lambda labels: labels[1:]),
        "without its split": lambda arrays: arrays.pop("split"),
        "no images": _with("pixels", lambda pixels: pixels[:0]),
        "the split a number": _with("split", lambda split: np.zeros(len(split))),
    },
    "vae/digits/vae/image_bounds.npz": {
        "log_px NaN": _with("log_px", _nan),
        "without elbo": lambda arrays: arrays.pop("elbo"),
    },
    "vae/digits/vae/pictures.npz": {"without its mesh": lambda arrays: arrays.pop("mesh")},
}
# With the record kept, the content is another than its digest says.
ON_RECORD = {
    "banana/flows/nice/draws.npz": {
        "one draw changed": _with("theta", lambda theta: theta + 1e-9),
        "one draw NaN": _with("theta", _nan),
        "an array more": lambda arrays: arrays.update(more=np.zeros(3)),
    },
    "banana/exact_draws.npz": {"half of them": _with("theta", lambda theta: theta[::2])},
    "vae/digits/images.npz": {"a label changed": _with("labels", lambda labels: labels[::-1])},
}


def retabled(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(path)).to_csv(path, index=False)


def _cell(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[0, column] = value
        return table

    return change


ROWS = {
    "banana/flows/nice/divergence.csv": {
        "an unknown grade": _cell("grade", "perfect"),
        "no grade": _cell("grade", None),
        "a negative error": _cell("kl_se", -0.1),
        "another target's row": _cell("target", "wide"),
        "another flow's row": _cell("flow", "planar"),
        "a replicate twice": _cell("replicate", 1),
        "no replicate": _cell("replicate", None),
    },
    "banana/flows/nice/elbo.csv": {
        "an iteration of text": _cell("iteration", "first"),
        "a row less": lambda table: table[1:],
    },
    "banana/knn_floor.csv": {
        "an estimate missing": _cell("kl_knn", None),
        "an estimate of text": _cell("kl_knn", "small"),
        "a repeat twice": _cell("repeat", 1),
    },
    "vae/digits/vae/bounds.csv": {
        "a bound missing": _cell("value", None),
        "a bound less": lambda table: table[:-1],
        "an epoch's end": lambda table: table[:-3],
        "a negative error": _cell("se", -1.0),
    },
    "vae/digits/vae/training.csv": {"an epoch twice": _cell("epoch", 2)},
    "banana/moments.csv": {"a parameter without a name": _cell("parameter", None)},
    "theory/kl_contraction.csv": {
        "a step twice": _cell("step", 1),
        "KL of text": _cell("kl", "0,5"),
    },
}


def netcdf(path: Path, change: Callable[[dict], object]) -> None:
    """Groups of a netCDF changed and written by another program, their attributes left out."""
    import xarray

    groups = {
        name: group.drop_attrs().compute()
        for name, group in xarray.open_groups(path, engine="h5netcdf").items()
    }
    change(groups)
    xarray.DataTree.from_dict(groups).to_netcdf(path, engine="h5netcdf")


def _chain(group: str, name: str, change: Callable) -> Callable[[dict], None]:
    def apply(groups):
        groups[group] = groups[group].assign({name: change(groups[group][name])})

    return apply


CHAINS = {
    "theta NaN": _chain("/posterior", "theta", lambda theta: theta.where(theta < 1)),
    "single precision": _chain("/posterior", "theta", lambda theta: theta.astype("float32")),
    "without its dimensions": _chain("/posterior", "theta", lambda theta: theta[..., 0]),
    "without lp": lambda groups: groups.update(
        {"/sample_stats": groups["/sample_stats"].drop_vars("lp")}
    ),
    "without sample_stats": lambda groups: groups.pop("/sample_stats"),
    "without a posterior": lambda groups: groups.pop("/posterior"),
    "under another name": lambda groups: groups.update(
        {"/posterior": groups["/posterior"].rename(theta="x")}
    ),
    "no draws": lambda groups: groups.update(
        {name: group.isel(draw=slice(0)) for name, group in groups.items() if group.sizes}
    ),
    "a draw less in its stats": lambda groups: groups.update(
        {"/sample_stats": groups["/sample_stats"].isel(draw=slice(1, None))}
    ),
}
