"""Files that one step wrote and another reads, damaged in between: by a disk, a copy or a hand.

Each is refused by name, with what to do, by the reader that every step uses; or, a checkpoint, is
left alone, and the training begins again.
"""

import io
import os
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from flowcheck import files
from flowcheck.checkpoints import Checkpoint
from tests.faults import changes, results
from tests.faults.case import ACCEPTED, SURVIVED, Case, Outcome, refusal, survival

REMEDY = "Delete it and run again"
NOBODY = 65534
READERS = {
    ".npz": files.read_arrays,
    ".nc": files.read_theta,
    ".json": files.read_json,
    ".csv": files.read_table,
    ".safetensors": files.read_weights,
}
# One file of each kind, and one of the same kind that belongs elsewhere.
SWAPPED = {
    "banana/data.npz": "wide/data.npz",
    "banana/check.json": "wide/check.json",
    "banana/exact.json": "wide/exact.json",
    "banana/evidence.json": "wide/evidence.json",
    "banana/truth.json": "wide/truth.json",
    "banana/exact_draws.npz": "wide/exact_draws.npz",
    "banana/gaussian.npz": "wide/gaussian.npz",
    "banana/hmc/long.nc": "banana/hmc/short.nc",
    "banana/hmc/long.json": "wide/hmc/long.json",
    "banana/hmc/long_run.json": "banana/hmc/short_run.json",
    "banana/flows/nice/model.safetensors": "banana/flows/planar/model.safetensors",
    "banana/flows/nice/run.json": "banana/flows/planar/run.json",
    "banana/flows/nice/draws.npz": "banana/flows/planar/draws.npz",
    "banana/flows/nice/draws.nc": "wide/flows/nice/draws.nc",
    "banana/flows/nice/divergence.csv": "banana/flows/planar/divergence.csv",
    "banana/flows/nice/divergence.json": "wide/flows/nice/divergence.json",
    "banana/flows/nice/parts/0/model.safetensors": "banana/flows/nice/parts/1/model.safetensors",
    "banana/flows/nice/parts/0/run.json": "banana/flows/nice/parts/1/run.json",
    "banana/approximations/laplace/gaussian.npz": "banana/approximations/pathfinder/gaussian.npz",
    "banana/approximations/laplace/draws.npz": "wide/approximations/laplace/draws.npz",
    "banana/approximations/laplace/run.json": "banana/approximations/pathfinder/run.json",
    "banana/approximations/laplace/divergence.json": "wide/approximations/laplace/divergence.json",
    "banana/divergence.csv": "wide/divergence.csv",
    "vae/digits/images.npz": "vae/mnist/images.npz",
    "vae/digits/images.json": "vae/mnist/images.json",
    "vae/digits/vae/model.safetensors": "vae/digits/course/model.safetensors",
    "vae/digits/vae/snapshots.safetensors": "vae/mnist/vae/snapshots.safetensors",
    "vae/digits/vae/bounds.json": "vae/digits/course/bounds.json",
    "vae/digits/vae/image_bounds.npz": "vae/digits/course/image_bounds.npz",
    "vae/digits/vae/latent.npz": "vae/digits/course/latent.npz",
    "vae/digits/vae/pictures.npz": "vae/mnist/vae/pictures.npz",
}
TABLES = (
    "banana/flows/nice/elbo.csv", "banana/flows/nice/divergence.csv", "banana/divergence.csv",
    "banana/moments.csv", "banana/knn_floor.csv", "vae/digits/losses.csv",
    "vae/digits/vae/bounds.csv", "vae/digits/vae/training.csv", "theory/kl_contraction.csv",
    "theory/multisample_bounds.csv",
)  # fmt: skip
# Of each format, the file whose bytes are damaged in every way.
BY_FORMAT = (
    "banana/flows/nice/draws.npz", "banana/hmc/long.nc", "banana/truth.json",
    "banana/flows/nice/divergence.csv", "banana/flows/nice/model.safetensors",
)  # fmt: skip


def read(path: Path) -> object:
    """What a step reads from a file."""
    if path.name == "draws.nc":
        return files.read_chains(str(path))
    return READERS[path.suffix](str(path))


def damaged(place: str, damage: Callable[[Path], object], *words: str) -> Outcome:
    """What comes of a file that `damage` was done to, once a step reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = results.copy(place, Path(folder))
        read(path)  # until then it is in order
        damage(path)
        return refusal(lambda: read(path), str(path), *(words or (REMEDY,)))


def flipped(path: Path, share: float) -> None:
    """One bit the other way, at this share of the file."""
    content = bytearray(path.read_bytes())
    content[int(share * (len(content) - 1))] ^= 1 << 4
    path.write_bytes(content)


def flip(place: str, share: float) -> Outcome:
    """A flipped bit is refused, or lies where nothing is read: what is read is as before."""
    with tempfile.TemporaryDirectory() as scratch:
        path = results.copy(place, Path(scratch))
        before = str(_content(path))
        flipped(path, share)
        outcome = refusal(lambda: _content(path), str(path), REMEDY)
        if outcome.word == ACCEPTED and str(_content(path)) == before:
            return Outcome(SURVIVED, "nothing that is read has changed")
        return outcome


def _content(path: Path) -> object:
    """Everything that can be read from a file, to its last digit."""
    content = read(path)
    if path.suffix == ".nc":
        groups = [group.to_dataset() for group in files.read_chains(str(path)).subtree]
        content = {name: values.values for group in groups for name, values in group.items()}
    if isinstance(content, dict):
        return {k: v.tolist() if hasattr(v, "tolist") else v for k, v in content.items()}
    return content


def cut(path: Path, share: float) -> None:
    """Only the first part is left."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


BYTES = {
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "cut to a half": partial(cut, share=0.5),
    "cut to nine tenths": partial(cut, share=0.9),
    "without its last two bytes": lambda path: path.write_bytes(path.read_bytes()[:-2]),
    "without its first byte": lambda path: path.write_bytes(path.read_bytes()[1:]),
    "a page of a proxy": lambda path: path.write_text("<html>502 Bad Gateway</html>\n"),
    "noise": lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)),
    "a folder": folder,
}
# A table has no digest; there, a flipped bit may be another digit.
FLIPS = [round(share, 2) for share in np.linspace(0.03, 0.97, 12)]


def unreadable(place: str) -> Outcome:
    """A file without the right to read it; root, who may read everything, becomes nobody."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        path = results.copy(place, Path(scratch))
        read(path)
        path.chmod(0)
        was = os.geteuid()
        if was == 0:
            os.seteuid(NOBODY)
        try:
            return refusal(lambda: read(path), str(path), "permissions", REMEDY)
        finally:
            os.seteuid(was)


STATE = {"step": 7, "moments": [0.25] * 50}


def checkpointed(damage: Callable[[Path], object]) -> Outcome:
    """A training whose checkpoint was damaged begins again, and its log says why."""

    def begins_again() -> str:
        with tempfile.TemporaryDirectory() as scratch:
            own = Checkpoint(Path(scratch) / "unfinished", "this training")
            own.take_up(seeds=[1])
            own.keep(STATE)
            newer, said = Checkpoint(own.folder, "this training"), io.StringIO()
            with redirect_stdout(said):
                assert newer.take_up(seeds=[1]) == STATE
                damage(own.path)
                assert Checkpoint(own.folder, "this training").take_up(seeds=[1]) is None
            assert "checkpoint.pt cannot be read" in said.getvalue()
            return said.getvalue()

    return survival(begins_again)


def checkpoint_folder() -> Outcome:
    with tempfile.TemporaryDirectory() as scratch:
        own = Checkpoint(scratch)
        own.path.mkdir()
        return refusal(own.take_up, str(own.path), REMEDY)


def cases() -> list[Case]:
    found = []

    def add(kind: str, place: str, what: str, damage: Callable[[Path], object]) -> None:
        run = partial(damaged, place, damage)
        found.append(Case(f"{place}: {what}", f"intermediate files: {kind}", run))

    for place in BY_FORMAT:
        for what, damage in BYTES.items():
            add("bytes", place, what, damage)
        if not place.endswith(".csv"):
            for share in FLIPS:
                run = partial(flip, place, share)
                name = f"{place}: at {share:.0%}"
                found.append(Case(name, "intermediate files: a flipped bit", run))
        run = partial(unreadable, place)
        found.append(Case(f"{place}: unreadable", "intermediate files: bytes", run))
    for place, other in SWAPPED.items():
        add(
            "another's",
            place,
            other,
            lambda path, other=other: results.copy(other, path.parent).replace(path),
        )
    for place, own in changes.CONTENTS.items():
        for what, change in own.items():
            add("values", place, what, change)
    for place, keys in changes.NEEDED.items():
        for key in keys:
            add("missing", place, key, changes.without(key))
    for table, record in ((changes.ARRAYS, False), (changes.ON_RECORD, True)):
        for place, own in table.items():
            for what, change in own.items():
                damage = partial(changes.repacked, change=change, record=record)
                add("values", place, f"{what}, on record" if record else what, damage)
    drop = partial(changes.retabled, change=lambda table: table.drop(columns=table.columns[0]))
    double = partial(changes.retabled, change=lambda table: pd.concat([table, table]))
    for place in TABLES:
        add("missing", place, "its first column", drop)
        add("values", place, "every row twice", double)
    for place, own in changes.ROWS.items():
        for what, change in own.items():
            add("values", place, what, partial(changes.retabled, change=change))
    for what, change in changes.CHAINS.items():
        add("values", "banana/hmc/long.nc", what, partial(changes.netcdf, change=change))
    kind = "intermediate files: checkpoints"
    for what, damage in BYTES.items():
        if what != "a folder":
            found.append(Case(what, kind, partial(checkpointed, damage)))
    for share in FLIPS:
        run = partial(checkpointed, partial(flipped, share=share))
        found.append(Case(f"a flipped bit at {share:.0%}", kind, run))
    found.append(Case("a folder", kind, checkpoint_folder))
    return found


CASES = cases()
