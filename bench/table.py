"""The bench's tables: what a row holds, and how what was measured becomes one."""

import numpy as np
import pandas as pd

from bench.contender import Contender
from bench.measure import Measured

COLUMNS = (
    "task", "flow", "contender", "variant", "replicates", "threads", "rate", "rate_min",
    "rate_max", "unit", "repetitions", "floor", "compile_seconds", "note",
)  # fmt: skip
SCALING_COLUMNS = (
    "study", "mode", "size", "threads", "seconds", "seconds_min", "seconds_max", "unit",
    "repetitions", "floor", "note",
)  # fmt: skip


def row(found: Measured) -> dict:
    """One contender's row: the median rate, and the slowest and fastest repetition's."""
    contender = found.contender
    extra = [f"{key} {np.median(values):.4g}" for key, values in _reports(found).items()]
    return _described(contender) | {
        "rate": found.rate,
        "rate_min": min(found.rates),
        "rate_max": max(found.rates),
        "repetitions": len(found.rates),
        "floor": found.floor,
        "compile_seconds": found.compile_seconds,
        "note": "; ".join(filter(None, (contender.note, *extra))),
    }


def left_out_row(contender: Contender) -> dict:
    """A row that says why there is no number."""
    return _described(contender) | {"repetitions": 0, "note": contender.note}


def bench_table(rows: list[dict]) -> pd.DataFrame:
    """Rows as a table with COLUMNS, what a row lacks left empty."""
    return pd.DataFrame(rows, columns=list(COLUMNS))


def scaling_row(found: Measured) -> dict:
    """Seconds per iteration, draw or epoch of one size; a contender's `variant` is its mode."""
    contender = found.contender
    seconds = [contender.worth / rate for rate in found.rates]
    return {
        "study": contender.flow,
        "mode": contender.variant,
        "size": contender.arguments["size"],
        "threads": contender.threads,
        "seconds": float(np.median(seconds)),
        "seconds_min": min(seconds),
        "seconds_max": max(seconds),
        "unit": contender.unit,
        "repetitions": len(seconds),
        "floor": contender.floor,
        "note": contender.note,
    }


def scaling_table(rows: list[dict]) -> pd.DataFrame:
    """Rows as a table with SCALING_COLUMNS."""
    return pd.DataFrame(rows, columns=list(SCALING_COLUMNS))


def _described(contender: Contender) -> dict:
    return {
        "task": contender.task,
        "flow": contender.flow,
        "contender": contender.contender,
        "variant": contender.variant,
        "replicates": contender.replicates,
        "threads": contender.threads,
        "unit": contender.unit,
        "note": contender.note,
    }


def _reports(found: Measured) -> dict[str, list[float]]:
    names = found.reports[0] if found.reports else {}
    return {name: [report[name] for report in found.reports] for name in names}
