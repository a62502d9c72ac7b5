"""The panel of few draws with the long run beside it: every draw in its place, on shared axes."""

import numpy as np
import pytest

from flowcheck.plots.beside_long import plot_beside_long


@pytest.mark.parametrize("count", [1, 3, 4])
def test_every_approximation_has_its_panel_and_the_long_run_the_large_one(count):
    rng = np.random.default_rng(0)
    flows = {f"flow_{i}": i + 1 + rng.standard_normal((50, 2)) for i in range(count)}
    short, long = rng.standard_normal((50, 2)), rng.standard_normal((400, 2))
    figure = plot_beside_long(short, flows, long, dict.fromkeys(flows, "planar"))
    assert figure.get_figwidth() <= 10  # 1600 pixels
    large, *small = figure.axes
    assert len(small) == 1 + count
    for ax, draws in zip([large, *small], [long, short, *flows.values()], strict=True):
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
    named = [bool(ax.get_xlabel()) for ax in figure.axes[1:]]
    assert named == [False, False, True, True, True]
