"""What each file of the results must hold, by its place below the study's output folder.

One table per format. A place is a path's last parts, with what varies in braces; in a file that
carries a record of itself, what stands there is part of it. Files at no such place are not checked.
Keys, arrays and columns beside those named here are allowed.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flowcheck.intact import Unusable
from flowcheck.kinds import (
    Kind, count, flag, list_of, mapping_of, number, one_of, optional, positive, record_of, text,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

GRADES = ("exact", "estimated", "disputed", "unverified")
VERDICT = mapping_of(record_of(value=optional(number), limit=number, passed=optional(flag)))
EXPECTATIONS = mapping_of(record_of(mean=number, sd=positive, mean_se=positive))
TRAINING_RUN = {
    "device": text, "seconds": positive, "replicates": count, "iterations": count,
    "skipped_steps": list_of(count),
}  # fmt: skip
MEASURED = {
    "target": text, "flow": text, "method": text, "draws": count,
    "replicates": list_of(record_of()),
}  # fmt: skip

# JSON: what must be there under each key.
CONTENTS: dict[str, dict[str, Kind]] = {
    "{target}/check.json": {"dim": count, "names": list_of(text), "coordinates": list_of(text)},
    "{target}/exact.json": {
        "log_evidence": optional(number),
        "mean": optional(list_of(number)),
        "variance": optional(list_of(positive)),
        "tolerance": optional(positive),
    },
    "{target}/evidence.json": {
        "log_evidence": optional(number),
        "log_evidence_se": optional(positive),
        "agree": flag,
        "estimates": list_of(record_of(method=text, value=optional(number), se=optional(positive))),
    },
    "{target}/truth.json": {
        "grade": one_of(*GRADES),
        "log_evidence": optional(number),
        "log_evidence_se": optional(positive),
        "expectations": EXPECTATIONS,
        "draws": one_of("exact", "hmc", "none"),
    },
    "{target}/hmc/long.json": {
        "passed": flag, "checks": VERDICT, "chains": count, "draws": count, "discarded": count,
    },
    "{target}/hmc/{run}_run.json": {
        "device": text, "chains": count, "draws": count, "discarded": count, "seconds": positive,
    },
    "{target}/flows/{flow}/run.json": TRAINING_RUN,
    "{target}/flows/{flow}/parts/{first}/run.json": TRAINING_RUN,
    "{target}/flows/{flow}/divergence.json": MEASURED,
    "{target}/approximations/{flow}/divergence.json": MEASURED | {
        "kind": one_of("fitted", "file"), "refused": optional(text), "notes": list_of(text),
    },
    "{target}/approximations/{flow}/run.json": {
        "device": text, "refused": optional(text), "notes": list_of(text),
    },
    "vae/{images}/images.json": {
        "dataset": text, "held_out": text, "sha256": text, "shape": list_of(count),
        "train": count, "test": count,
    },
    "vae/{images}/{vae}/training.json": {"device": text, "seconds": positive, "epochs": count},
    "vae/{images}/{vae}/bounds.json": {
        "device": text, "seconds": positive, "log_px": record_of(train=number, test=number),
        "elbo": record_of(train=number, test=number),
    },
    "theory/kl_contraction.json": {
        "target": text,
        "kernels": mapping_of(record_of(rate=number, reversible=flag)),
        "two_steps": record_of(before=number, after=number, moved=number),
    },
    "theory/short_run.json": {},
    "{output}/provenance.json": {},
}  # fmt: skip

# Arrays: kind (NumPy's letters; d: float64) and axes; one name of an axis is one length in a file.
GAUSSIAN = {"loc": ("d", "dim"), "factor": ("d", "dim dim")}
DRAWS = {"theta": ("d", "replicate draw dim"), "log_q": ("d", "replicate draw")}
ARRAYS: dict[str, dict[str, tuple[str, str]]] = {
    "{target}/data.npz": {},
    "{target}/exact_draws.npz": {"theta": ("d", "draw dim")},
    "{target}/gaussian.npz": GAUSSIAN,
    "{target}/approximations/{flow}/gaussian.npz": GAUSSIAN,
    "{target}/flows/{flow}/draws.npz": DRAWS,
    "{target}/approximations/{flow}/draws.npz": DRAWS | {"log_p": ("d", "replicate draw")},
    "vae/{images}/images.npz": {
        "pixels": ("uifb", "image pixel"), "labels": ("ui", "image"), "split": ("U", "image"),
        "shape": ("ui", "side"), "levels": ("uif", ""), "binary": ("uifb", "image pixel"),
    },
    "vae/{images}/{vae}/image_bounds.npz": {
        "split": ("U", "image"), "index": ("ui", "image"), "label": ("ui", "image"),
        "elbo": ("f", "image"), "log_px": ("f", "image"),
    },
    "vae/{images}/{vae}/latent.npz": {"mean": ("f", "image latent"), "label": ("ui", "image")},
    "vae/{images}/{vae}/pictures.npz": dict.fromkeys(
        ("binary", "reconstructed", "real", "generated", "mesh", "z1", "z2"), ("uifb", "*")
    ),
}  # fmt: skip
# What a digest leaves out: a reader may overrule a verdict by hand, for the worse.
JUDGEMENT = ("passed", "cause", "cure")
# What no step may read unless a step wrote it, as nothing else is known of what it must hold.
ON_RECORD = ("{target}/data.npz",)
# Files that may have none of something: a target without exact draws, data without an array, an
# approximation that was refused.
MAY_BE_EMPTY = (
    "{target}/exact_draws.npz", "{target}/data.npz", "{target}/approximations/{flow}/draws.npz",
    "{target}/approximations/{flow}/gaussian.npz",
)  # fmt: skip

# Tables: the columns of names, those that are never empty, and those by which there is one row for
# each combination of their values ("grid") or each at most once ("once").
TABLES: dict[str, dict[str, str]] = {
    "{target}/flows/{flow}/elbo.csv": {"numbers": "iteration", "grid": "iteration replicate"},
    "{target}/flows/{flow}/parts/{first}/elbo.csv": {
        "numbers": "iteration", "grid": "iteration replicate",
    },
    "{target}/flows/{flow}/divergence.csv": {
        "names": "target flow grade", "grid": "target flow replicate",
    },
    "{target}/approximations/{flow}/divergence.csv": {
        "names": "target flow grade", "grid": "target flow replicate",
    },
    "{target}/divergence.csv": {"names": "target flow grade", "once": "target flow replicate"},
    "{target}/moments.csv": {
        "names": "approximation parameter", "once": "approximation replicate parameter",
    },
    "{target}/knn_floor.csv": {
        "names": "pair", "numbers": "n k kl_knn", "grid": "pair repeat",
    },
    "vae/{images}/{vae}/training.csv": {"numbers": "objective", "once": "epoch"},
    "vae/{images}/{vae}/bounds.csv": {
        "names": "split bound", "numbers": "value se images", "grid": "epoch split bound",
    },
    "vae/{images}/losses.csv": {
        "names": "vae split", "numbers": "log_px multisample elbo log_px_all elbo_all",
        "grid": "vae split",
    },
    "theory/kl_contraction.csv": {"names": "kernel", "numbers": "kl", "once": "kernel step"},
    "theory/multisample_bounds.csv": {
        "names": "target flow", "numbers": "value se log_evidence", "once": "target flow k",
    },
    "theory/vae_bounds.csv": {
        "names": "images vae split", "numbers": "value se log_px", "once": "images vae split k",
    },
    "theory/constant_jacobian.csv": {"names": "target", "numbers": "kl", "once": "jacobian"},
    "theory/published_errors.csv": {"names": "claim"},
}  # fmt: skip


@cache
def _patterns(places: tuple[str, ...]) -> list[tuple[str, re.Pattern]]:
    """Each place and its pattern, the longest first: the end of one may be another."""
    found = []
    for one in sorted(places, key=lambda place: (-place.count("/"), "{" in place.split("/")[0])):
        parts = [
            f"(?P<{part[1:].split('}')[0]}>[^/]+?){re.escape(part.split('}')[1])}"
            if part.startswith("{")
            else re.escape(part)
            for part in one.split("/")
        ]
        found.append((one, re.compile(rf"(?:^|/){'/'.join(parts)}$")))
    return found


def _matched(path: str | Path, places: tuple[str, ...]) -> tuple[str | None, dict[str, str]]:
    for one, pattern in _patterns(places):
        if match := pattern.search(Path(path).as_posix()):
            return one, {"file": one.rsplit("/", 1)[1], **match.groupdict()}
    return None, {}


WEIGHTS = (
    "{target}/flows/{flow}/model.safetensors",
    "{target}/flows/{flow}/parts/{first}/model.safetensors",
    "vae/{images}/{vae}/model.safetensors",
    "vae/{images}/{vae}/snapshots.safetensors",
)
CHAINS = (
    "{target}/hmc/{run}.nc", "{target}/truth_draws.nc", "{target}/flows/{flow}/draws.nc",
    "{target}/approximations/{flow}/draws.nc",
)  # fmt: skip


def place(path: str | Path) -> dict[str, str]:
    """What a file at this path is of, {"file": ..., "target": ...}; empty at no known place."""
    found = _matched(path, (*CONTENTS, *ARRAYS, *WEIGHTS, *CHAINS))[1]
    found.pop("output", None)  # a study may be copied or renamed
    return found


def needs_record(path: str | Path) -> bool:
    """Whether a file at this path is good for nothing without a record of itself."""
    return _matched(path, tuple(ARRAYS))[0] in ON_RECORD


def check_content(path: str | Path, content: object) -> None:
    """Raise Unusable unless JSON `content` is what belongs at `path`."""
    one, of = _matched(path, tuple(CONTENTS))
    if one is None:
        return
    if fault := record_of(**CONTENTS[one])(content):
        raise Unusable(path, f"does not hold what it should: {fault}")
    for name in ("target", "flow"):
        if name in of and content.get(name, of[name]) != of[name]:
            raise Unusable(path, f"is of {name} {content[name]}, not {of[name]}")
    # A verdict may be overruled by hand for the worse, never for the better.
    failed = [name for name, one in content.get("checks", {}).items() if one["passed"] is False]
    if failed and content["passed"]:
        raise Unusable(path, f"says passed, but also that the check {failed[0]} failed")
    if content.get("grade") in GRADES[:3] and content["log_evidence"] is None:
        raise Unusable(path, f"is of grade {content['grade']} but has no log_evidence")


def check_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise Unusable unless `arrays` are what belongs at `path`."""
    one, _ = _matched(path, tuple(ARRAYS))
    if one is None:
        return
    lengths: dict[str, int] = {}
    for name, (kinds, axes) in ARRAYS[one].items():
        if name not in arrays:
            raise Unusable(path, f"lacks the array {name}")
        values = arrays[name]
        if values.dtype.char != kinds and values.dtype.kind not in kinds:
            raise Unusable(path, f"holds {name} of dtype {values.dtype}")
        if not values.size and one not in MAY_BE_EMPTY:
            raise Unusable(path, f"holds no {name}")
        if axes == "*":
            continue
        names = axes.split()
        if values.ndim != len(names) or any(
            lengths.setdefault(axis, length) != length
            for axis, length in zip(names, values.shape, strict=True)
        ):
            raise Unusable(path, f"holds {name} of shape {list(values.shape)}, not [{axes}]")


def check_chains(path: str | Path, variables: Mapping[str, np.ndarray]) -> None:
    """Raise Unusable unless draws by "/group/name" agree on their chains and draws."""
    one, _ = _matched(path, CHAINS)
    if one is None:
        return
    drawn = {name: values for name, values in variables.items() if values.ndim > 1}
    if not any("posterior/" in name for name in drawn):
        raise Unusable(path, "holds no draws")
    if one == "{target}/hmc/{run}.nc":
        for name in ("lp", "energy", "diverging"):
            if f"/sample_stats/{name}" not in variables:
                raise Unusable(path, f"lacks {name} among its sample_stats")
    shapes = {values.shape[:2] for values in drawn.values()}
    if len(shapes) > 1:
        raise Unusable(path, f"holds chains of different shapes: {sorted(shapes)}")


def names_of(path: str | Path) -> list[str]:
    """The columns of a table at this path that hold names, whatever they look like."""
    one, _ = _matched(path, tuple(TABLES))
    return TABLES[one].get("names", "").split() if one else []


def check_table(path: str | Path, table: "pd.DataFrame") -> None:
    """Raise Unusable unless `table` is what belongs at `path`."""
    import pandas as pd  # not above: see flowcheck.files

    one, of = _matched(path, tuple(TABLES))
    if one is None:
        return
    columns = {kind: words.split() for kind, words in TABLES[one].items()}
    names, numbers = columns.get("names", []), columns.get("numbers", [])
    by = columns.get("grid") or columns.get("once") or []
    if missing := sorted({*names, *numbers, *by} - set(table.columns)):
        raise Unusable(path, f"lacks the column {missing[0]}")
    for name in {*names, *numbers, *by}:
        if table[name].isna().any():
            raise Unusable(path, f"has an empty cell in column {name}")
    for name in table.columns.difference([*names, "measured"]):
        values = table[name]
        if name in {*numbers, *by} and not (
            pd.api.types.is_numeric_dtype(values) or not len(table)
        ):
            raise Unusable(path, f"has a cell in column {name} that is not a number")
        if name.split("_")[-1] == "se" and (pd.to_numeric(values, errors="coerce") < 0).any():
            raise Unusable(path, f"has a negative standard error in column {name}")
    if "grade" in names and not set(table["grade"]) <= set(GRADES):
        raise Unusable(path, "has a grade other than " + ", ".join(GRADES))
    for name in {"target", "flow"} & set(of) & set(table.columns):
        if others := set(table[name]) - {of[name]}:
            raise Unusable(path, f"has rows of {name} {sorted(others)[0]}, not {of[name]}")
    if table.duplicated(by).any() if by else False:
        raise Unusable(path, f"has two rows for the same {', '.join(by)}")
    if "grid" in columns and len(table) != np.prod([table[name].nunique() for name in by]):
        raise Unusable(path, f"lacks rows: not every combination of {', '.join(by)} is present")
