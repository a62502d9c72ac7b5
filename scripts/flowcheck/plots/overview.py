"""Every approximation of every posterior on one axis: how far from the truth it is."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flowcheck.plots import style

LOWEST = 1e-7


def plot_overview(tables: dict[str, pd.DataFrame], families: dict, bands: list) -> Figure:
    """KL(q|p) of every replicate, a row for each approximation, on a logarithmic axis.

    tables: target -> its divergence.csv; families: of every approximation, name -> family;
    bands: (word, upper limit in nats) from the best, the last without a limit. An approximation
    without a KL is a row that says so.
    """
    looks = style.looks(families)
    rows = [(target, flow) for target, table in tables.items() for flow in _flows(table)]
    values = {
        (target, flow): _kl(tables[target], flow) for target, flow in rows
    }  # fmt: skip
    known = np.concatenate([v[np.isfinite(v)] for v in values.values()] or [np.array([])])
    positive = known[known > 0]
    low = max(min(positive.min(initial=1e-3), 1e-3) / 4, LOWEST)
    high = max(positive.max(initial=1.0), 1.0) * 3
    width = style.NARROW_WIDTH if style.is_narrow() else 9.8
    gaps = len(tables) - 1
    figure = Figure(figsize=(width, 1.0 + 0.30 * len(rows) + 0.16 * gaps + 0.25 * _heads(tables)))
    ax = figure.subplots()
    shade(ax, bands, low, high, fontsize=8.5, color="0.3")
    place, ticks = 0.0, []
    for target in tables:
        if len(tables) > 1:
            ax.text(low * 1.15, place, target, fontweight="bold", fontsize=9, va="center")
            place += 0.85
        for flow in _flows(tables[target]):
            look, kl = looks[flow], values[target, flow]
            if np.isfinite(kl).any():
                spread = np.linspace(-0.16, 0.16, len(kl)) if len(kl) > 1 else [0.0]
                ax.plot(kl.clip(low * 1.3), place + np.array(spread), look.marker, ms=4.5,
                        color=look.colour, alpha=0.8, mew=0)  # fmt: skip
            else:
                words = "no KL: the text says why"
                ax.text(low * 1.6, place, words, va="center", fontsize=9, color="0.35")
            ticks.append((place, style.label(flow)))
            place += 1.0
        place += 0.3
    ax.set(xscale="log", xlim=(low, high), ylim=(place - 0.6, -0.7))
    ax.set_yticks([at for at, _ in ticks], [text for _, text in ticks])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(r"KL$(q\|p)$, nats: the distance from the posterior, one mark per replicate")
    if style.is_narrow():
        ax.set_xlabel(r"KL$(q\|p)$, nats, one mark per replicate")
    return figure


def _heads(tables: dict) -> int:
    return len(tables) if len(tables) > 1 else 0


def _flows(table: pd.DataFrame) -> list[str]:
    return sorted(table["flow"].unique())


def _kl(table: pd.DataFrame, flow: str) -> np.ndarray:
    return table.loc[table["flow"] == flow, "kl"].to_numpy(dtype=float)


def shade(ax, bands: list, low: float, high: float, step=0.045, top=1.01, **words_style) -> None:
    """Grey bands, darker by `step` as they get worse, each with its word at `top` of the axes."""
    start = low
    for number, (word, limit) in enumerate(bands):
        end = min(limit, high) if limit else high
        if end > start:
            ax.axvspan(start, end, color=str(1.0 - step * number), lw=0, zorder=0)
            # A narrow band has room for the beginning of what is said in full beside the figure.
            words = word.removesuffix(" from the posterior").replace(" be ", "\nbe ")
            words = words if style.is_narrow() else word
            ax.text(np.sqrt(start * end), top, words, transform=ax.get_xaxis_transform(),
                    ha="center", va="bottom", **words_style)  # fmt: skip
        start = max(start, end)
