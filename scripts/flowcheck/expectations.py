"""What a target knows exactly, checked and brought into one form: numbers by coordinate."""

import math

import numpy as np

from flowcheck.model_errors import ModelError, nearest

KNOWN = (
    "log_evidence", "log_evidence_se", "expectations", "mean", "variance", "moments", "method",
    "tolerance",
)  # fmt: skip


def completed(exact: dict | None, shapes: dict, coordinates: list[str]) -> dict:
    """`exact` with expectations {coordinate: {mean, sd}} and, if all are there, mean and variance.

    exact: as a target returns it, its expectations by parameter (arrays of its shape) or by
    coordinate ("beta[0]"). shapes: of the parameters by name. mean and variance are in the order of
    `coordinates`; a target may give these two in place of expectations.

    Raises ModelError for unknown keys, names and shapes, and for numbers that are not finite.
    """
    exact = dict(exact or {})
    for key in exact:
        if key not in KNOWN:
            raise ModelError(f"exact() returned an unknown key '{key}'{nearest(key, KNOWN)}")
    for key in ("log_evidence", "log_evidence_se"):
        if exact.get(key) is None:
            exact.pop(key, None)
        else:
            exact[key] = _number(exact[key], key)
    found = _by_coordinate(exact.pop("expectations", None) or {}, shapes, coordinates)
    if not found and "mean" in exact and "variance" in exact:
        pairs = zip(coordinates, exact["mean"], exact["variance"], strict=True)
        found = {name: {"mean": m, "sd": math.sqrt(v)} for name, m, v in pairs}
    if found:
        exact["expectations"] = found
    if len(found) == len(coordinates) and "mean" not in exact:
        exact["mean"] = [found[name]["mean"] for name in coordinates]
        exact["variance"] = [found[name]["sd"] ** 2 for name in coordinates]
    return exact


def _by_coordinate(expectations: dict, shapes: dict, coordinates: list[str]) -> dict:
    found = {}
    for name, entry in expectations.items():
        if not isinstance(entry, dict) or set(entry) != {"mean", "sd"}:
            raise ModelError(
                f"exact(): expectations['{name}'] should be {{'mean': ..., 'sd': ...}}"
            )
        if name in shapes:
            values = {key: _array(entry[key], shapes[name], name, key) for key in ("mean", "sd")}
            own = [one for one in coordinates if one == name or one.startswith(f"{name}[")]
        elif name in coordinates:
            values = {key: _array(entry[key], (), name, key) for key in ("mean", "sd")}
            own = [name]
        else:
            known = dict.fromkeys([*shapes, *coordinates])
            raise ModelError(f"exact(): expectations of an unknown '{name}'{nearest(name, known)}")
        for i, coordinate in enumerate(own):
            found[coordinate] = {key: float(values[key][i]) for key in ("mean", "sd")}
    return {name: found[name] for name in coordinates if name in found}


def _array(value, shape: tuple, name: str, key: str) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != tuple(shape):
        raise ModelError(
            f"exact(): the {key} of '{name}' has shape {array.shape} and should have {tuple(shape)}"
        )
    if not np.isfinite(array).all() or (key == "sd" and (array < 0).any()):
        raise ModelError(f"exact(): the {key} of '{name}' is {array.tolist()}")
    return array.reshape(-1)


def _number(value, key: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ModelError(f"exact(): {key} is {number}; leave it out where it is not known")
    return number
