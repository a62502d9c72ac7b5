"""Figures and tables of divergences: what an error bar, a missing value and a flag look like."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from flowcheck.files import write_figure
from flowcheck.plots import style
from flowcheck.plots.divergences import plot_divergences
from flowcheck.plots.scatter import plot_many_draws
from flowcheck.plots.theory import plot_multisample
from flowcheck.report.summary import by_flow


def gaps(estimates, predicted=np.nan, gap=1e-3):
    """A table of one flow at K = 1 and 10, a row for each replicate's estimate and error."""
    rows = [
        {"target": "t", "flow": "f", "replicate": r, "k": k, "gap": gap / k, "gap_se": 1e-9,
         "estimate": value / k, "estimate_se": error / k, "predicted": predicted / k}
        for k in (1, 10)
        for r, (value, error) in enumerate(estimates)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def lines(ax, marker):
    return [line for line in ax.lines if line.get_marker() == marker and len(line.get_xdata())]


def test_every_replicate_is_averaged_and_errors_are_of_the_mean():
    ax = plot_multisample(gaps([(1e-3, 3e-4), (2e-3, 4e-4)]), {}).axes[0]
    (points,) = lines(ax, "o")
    np.testing.assert_allclose(points.get_ydata(), [1.5e-3, 1.5e-4])
    ends = ax.collections[0].get_segments()[0][:, 1]
    # sqrt(3^2 + 4^2) / 2 = 2.5, twice either way.
    np.testing.assert_allclose(ends, [1.5e-3 - 5e-4, 1.5e-3 + 5e-4])
    assert not lines(ax, "v")


@pytest.mark.parametrize(("value", "error"), [(1e-3, 1e-3), (-1e-4, 1e-5)])
def test_a_bar_that_leaves_the_axis_says_so(value, error):
    ax = plot_multisample(gaps([(value, error)]), {}).axes[0]
    (triangles,) = lines(ax, "v")
    low, high = ax.get_ylim()
    assert list(triangles.get_xdata()) == [1, 10]
    assert (low < triangles.get_ydata()).all()
    assert (triangles.get_ydata() < 1.5 * low).all()
    assert low < 1e-4 < 1e-3 < high  # set by what is exact
    assert all(
        low <= end for part in ax.collections for s in part.get_segments() for end in s[:, 1]
    )


@pytest.mark.parametrize("known", [True, False])
def test_a_line_is_predicted_only_where_the_variance_is_known(known):
    table = gaps([(1e-3, 1e-5)] * 2, predicted=2e-3)
    if not known:
        table.loc[table["replicate"] == 1, "predicted"] = np.nan  # of one replicate alone
    ax = plot_multisample(table, {}).axes[0]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("Var" in text for text in words) == known


def divergence_table(**columns):
    table = pd.DataFrame(
        {
            "target": "t", "flow": "planar", "replicate": [0, 1, 2], "elbo": -1.0, "elbo_se": 1e-3,
            "kl": 1e-3, "kl_se": 1e-9, "kl_forward": 1e-3, "kl_forward_se": 1e-9, "kl_knn": 0.01,
            "pareto_k": 0.3, "skipped_steps": 0, "kl_mc": 1.1e-3, "kl_mc_se": [1e-4, 3e-4, 2e-4],
            "kl_forward_mc": 1.2e-3, "kl_forward_mc_se": 4e-4, "kl_shape": 1e-3,
            "kl_unseen": 0.0, "eubo": -0.9, "eubo_se": 1e-3, "tv": 0.02, "c2st_best": 0.51,
            "sliced_w2": 0.03, "grade": "exact",
        }
    )  # fmt: skip
    return table.assign(**columns)


FLOOR = pd.DataFrame({"pair": "exact-exact", "kl_knn": [-0.01, 0.01, 0.0]})


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"kl_forward": np.nan, "kl_forward_se": np.nan},
        {"kl": [1e-3, -2e-4, np.inf], "kl_se": [1e-4, 3e-4, 0.0]},
        dict.fromkeys(["kl", "kl_se", "kl_forward", "kl_forward_se"], np.nan),
    ],
)
def test_divergences_are_drawn_whatever_is_missing(columns, tmp_path):
    figure = plot_divergences(divergence_table(**columns), FLOOR, {"planar": "planar"})
    figure.savefig(tmp_path / "figure.png")
    low, high = figure.axes[0].get_xlim()
    assert 0 < low < high < np.inf


def test_no_text_is_cut_off_on_a_phone(tmp_path):
    with style.narrow():
        table = divergence_table(flow="nice", kl=[4.2e-3, 3.1e-3, 5.5e-3])  # long labels
        figure = plot_divergences(table, FLOOR, {"nice": "nice"}, 0.02)
    write_figure([str(tmp_path / "figure.svg")], figure)
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    # Of the labels of ticks, those beyond the axis are not drawn.
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = {label for axis in axes for label in axis.get_ticklabels(which="both")}
    for text in set(texts) - ticks:
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text


def test_monte_carlo_errors_are_drawn_two_either_way():
    table = divergence_table(kl=3e-3, kl_se=1e-3)
    ax = plot_divergences(table, FLOOR, {"planar": "planar"}).axes[0]
    bars = [s for part in ax.collections for s in part.get_segments()]
    assert any(np.allclose(bar[:, 0], [1e-3, 5e-3]) for bar in bars)


@pytest.mark.parametrize(("error", "shown"), [(1e-9, False), (2e-4, True)])
def test_an_error_is_in_the_title_where_it_changes_the_digits(error, shown):
    draws = np.random.default_rng(0).standard_normal((50, 2))
    figure = plot_many_draws(
        draws, {"planar": draws}, {"planar": "planar"}, {"planar": (0.005, error)}
    )
    assert (r"\pm" in figure.axes[1].get_title()) == shown


def test_summary_counts_what_is_missed_and_hides_no_nan():
    table = divergence_table(kl_forward=[1e-3, np.nan, 1e-3])
    facts = {
        "replicates": [
            {"missing_mass": 0.5, "misses_part_of_p": True},
            {"missing_mass": 0.0, "misses_part_of_p": False},
            {"missing_mass": 0.3, "misses_part_of_p": True},
        ]
    }
    (row,) = by_flow(table, {"planar": facts})
    assert (row["missed"], row["missing_mass"]) == (2, 0.4)
    assert np.isnan(row["kl_forward"][0])
    assert row["kl_mc_se"] == 3e-4
    assert by_flow(table, {})[0]["missed"] == 0


def test_an_approximation_without_kl_is_called_that():
    draws = np.random.default_rng(0).normal(size=(50, 2))
    divergences = {"planar": (0.5, 1e-3), "advi": (np.nan, np.nan)}
    families = {"planar": "planar", "advi": "advi"}
    figure = plot_many_draws(draws, {"planar": draws, "advi": draws}, families, divergences)
    titles = [ax.get_title() for ax in figure.axes]
    assert "advi: no KL" in titles
    table = divergence_table(kl=np.nan, kl_se=np.nan, kl_forward=np.nan, kl_forward_se=np.nan)
    left = plot_divergences(table, FLOOR, {"planar": "planar"}).axes[0]
    assert [text.get_text() for text in left.get_yticklabels()] == ["planar\nno KL"]
