"""The figures draw every row of their tables, at a width that a report can hold."""

import pandas as pd

from bench import figures, table

MOST_PIXELS = 1600


def width(figure) -> float:
    return figure.get_figwidth() * 160  # the style's own resolution of saved figures


def test_rates_have_a_panel_per_flow_and_a_line_per_row():
    rows = [
        {
            "task": "flow", "flow": flow, "contender": name, "variant": "eager", "replicates": 1,
            "rate": 10.0, "rate_min": 9.0, "rate_max": 11.0, "unit": "iterations/s", "floor": 100.0,
        }
        for flow in ("nice", "planar", "realnvp")
        for name in ("flowcheck", "plain loop")
    ]  # fmt: skip
    rows.append({"task": "flow", "flow": "nice", "contender": "nobody", "note": "left out: asleep"})
    figure = figures.plot_rates(table.bench_table(rows))
    drawn = [ax for ax in figure.axes if ax.get_title()]
    assert len(drawn) == 3
    assert all(len(ax.get_yticklabels()) == 2 for ax in drawn)
    assert width(figure) <= MOST_PIXELS


def test_whole_runs_share_a_panel_in_which_compiling_counts():
    rows = [
        {
            "task": task, "flow": flow, "contender": name, "variant": "NUTS", "replicates": 4,
            "rate": 10.0, "rate_min": 9.0, "rate_max": 11.0, "unit": "draws/CPU s",
        }
        for task in ("nuts", "nuts, compiled before")
        for flow in ("radon", "eight_schools")
        for name in ("flowcheck", "numpyro")
    ]  # fmt: skip
    figure = figures.plot_rates(table.bench_table(rows))
    (drawn,) = (ax for ax in figure.axes if ax.get_title())
    labels = {text.get_text() for text in drawn.get_yticklabels()}
    assert len(labels) == 4
    assert "eight schools: numpyro, NUTS ×4" in labels


def test_growth_has_a_panel_per_study_and_a_slope_per_curve():
    rows = [
        {
            "study": study, "mode": mode, "size": size, "seconds": 1.0 + size,
            "seconds_min": 0.9 + size, "seconds_max": 1.1 + size, "unit": "seconds", "floor": 0.1,
        }
        for study in ("replicates", "chains")
        for mode in ("eager", "compiled")
        for size in (1, 10, 100)
    ]  # fmt: skip
    figure = figures.plot_scaling(pd.DataFrame(rows))
    drawn = [ax for ax in figure.axes if ax.get_xlabel()]
    assert len(drawn) == 2
    for ax in drawn:
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert sum("slope" in label for label in labels) == 2
    assert width(figure) <= MOST_PIXELS
