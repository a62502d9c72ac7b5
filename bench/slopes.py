"""What a growing cost says: seconds = a + b size, its overhead a and its price b."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import nnls


@dataclass(frozen=True)
class Fit:
    """a, b of the line; the log-log slopes over the first and the last sizes (nan if unknown)."""

    overhead: float
    price: float
    first_slope: float
    last_slope: float

    @property
    def knee(self) -> float:
        """The size at which the overhead and the rest cost the same."""
        return self.overhead / self.price if self.price > 0 else float("inf")

    def seconds(self, size: np.ndarray) -> np.ndarray:
        """The fitted cost."""
        return self.overhead + self.price * size


def fit(size: np.ndarray, seconds: np.ndarray) -> Fit:
    """The line, by relative least squares with neither part negative; the slopes at both ends.

    size, seconds: [N], N >= 2, in increasing size.
    """
    design = np.stack([1 / seconds, size / seconds], axis=1)
    (overhead, price), _ = nnls(design, np.ones(len(size)))
    slopes = np.diff(np.log(seconds)) / np.diff(np.log(size))
    return Fit(float(overhead), float(price), float(slopes[0]), float(slopes[-1]))


def fits(table: pd.DataFrame) -> dict[tuple[str, str], Fit]:
    """(study, mode) -> its fit, for every curve of two sizes or more in the scaling table."""
    found = {}
    for (study, mode), rows in table.sort_values("size").groupby(["study", "mode"], sort=False):
        if len(rows) > 1:
            found[study, mode] = fit(rows["size"].to_numpy(float), rows["seconds"].to_numpy())
    return found


def sentence(study: str, mode: str, line: Fit, low: float, high: float) -> str:
    """What a curve's slopes mean; low, high: its smallest and largest size."""
    slopes = f"slope {line.first_slope:.2f} at {low:,.0f}, {line.last_slope:.2f} at {high:,.0f}"
    if line.knee < low:
        why = f"cost grows with size throughout, {line.price:.2g} s each; no overhead shows"
    elif line.knee > high:
        why = f"a fixed overhead of {line.overhead:.2g} s outweighs the arithmetic throughout"
    else:
        why = (
            f"a fixed overhead of {line.overhead:.2g} s dominates up to about {line.knee:,.0f}, "
            f"and arithmetic at {line.price:.2g} s each beyond that"
        )
    return f"{study}, {mode}: {slopes}: {why}."
