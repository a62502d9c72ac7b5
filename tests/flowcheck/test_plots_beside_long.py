"""The panel of few draws with the long run beside it: every draw in its place, on shared axes."""

import numpy as np
import pandas as pd
import pytest

from flowcheck.plots import style
from flowcheck.plots.beside_long import plot_beside_long
from flowcheck.plots.divergences import plot_divergences


@pytest.mark.parametrize("count", [1, 3, 4])
def test_every_approximation_has_its_panel_and_the_long_run_the_large_one(count):
    rng = np.random.default_rng(0)
    flows = {f"flow_{i}": i + 1 + rng.standard_normal((50, 2)) for i in range(count)}
    short, long = rng.standard_normal((50, 2)), rng.standard_normal((400, 2))
    figure = plot_beside_long(short, flows, long, dict.fromkeys(flows, "planar"))
    assert figure.get_figwidth() <= 10  # 1600 pixels
    *small, large = figure.axes
    assert len(small) == 1 + count
    for ax, draws in zip([*small, large], [short, *flows.values(), long], strict=True):
        np.testing.assert_array_equal(ax.collections[0].get_offsets(), draws)
        assert ax.get_xlim() == large.get_xlim()
        assert ax.get_ylim() == large.get_ylim()
    assert "400 draws" in large.get_title()
    figure.draw_without_rendering()
    assert large.get_position().width > 1.5 * small[0].get_position().width


def test_names_under_the_lowest_panels_only():
    draws = np.random.default_rng(0).standard_normal((20, 2))
    flows = {name: draws for name in "abcd"}  # five panels: three above, two below
    figure = plot_beside_long(draws, flows, draws, dict.fromkeys(flows, "nice"))
    named = [bool(ax.get_xlabel()) for ax in figure.axes[:-1]]
    assert named == [False, False, True, True, True]


def test_a_narrow_figure_has_its_panels_under_one_another():
    draws = np.random.default_rng(0).standard_normal((20, 2))
    with style.narrow():
        figure = plot_beside_long(draws, {"a": draws}, draws, {"a": "nice"})
    assert figure.get_figwidth() == style.NARROW_WIDTH
    assert len({ax.get_position().x0 for ax in figure.axes}) == 1


@pytest.mark.parametrize(("least", "drawn"), [(0.021, True), (None, False)])
def test_the_least_divergence_is_drawn_in_the_rows_it_binds(least, drawn):
    rows = [(f, r, 0.03 + r / 100, 0.0, 0.04, 0.0, 0.02)
            for f in ("mine", "planar") for r in range(2)]  # fmt: skip
    columns = ["flow", "replicate", "kl", "kl_se", "kl_forward", "kl_forward_se", "kl_knn"]
    floor = pd.DataFrame({"pair": "exact-exact", "kl_knn": [-0.01, 0.01]})
    families = {"mine": "nice", "planar": "planar"}
    table = pd.DataFrame(rows, columns=columns)
    left = plot_divergences(table, floor, families, least).axes[0]
    dotted = [c for c in left.collections if c.get_linestyle()[0][1] is not None]
    segments = [s.tolist() for c in dotted for s in c.get_segments()]
    # Row 0 is the NICE flow's; the planar flow is not bound.
    assert segments == ([[[0.021, -0.4], [0.021, 0.4]]] if drawn else [])
