"""One measured line of the errors page, and the errors of means that fill it."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd


def known_kl(divergence: pd.DataFrame) -> pd.Series:
    """KL(q|p) of each row of divergence.csv: by quadrature, else from the flow's own draws.

    A flow whose scale has no bound, as the published RealNVP's, throws points so far out in the
    tails of its base that the integral does not settle; no draw ever comes from there.
    """
    return divergence["kl"].fillna(divergence["kl_mc"])


class Row(NamedTuple):
    """What was measured, its size, and its standard error: 0 for a count or an exact value."""

    measured: str
    size: float
    se: float = 0.0


def mean_row(measured: str, values) -> Row:
    """The mean of independent `values` [n] with its standard error; NaN, unknown, of a single one.

    Raises ValueError without values.
    """
    values = np.asarray(values, dtype=float)
    if values.size == 0:
        raise ValueError(f"no values for: {measured}")
    se = values.std(ddof=1) / math.sqrt(values.size) if values.size > 1 else math.nan
    return Row(measured, float(values.mean()), float(se))
