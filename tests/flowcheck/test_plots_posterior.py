"""Figures of a posterior of any dimension: who is drawn, how, and what is left out."""

import itertools

import numpy as np
import pandas as pd
import pytest
import xarray

from flowcheck.named_draws import check_names, scalars, worst_parameters
from flowcheck.plots import density, marginals, moments, overview, pairs, style, traces
from flowcheck.report.brief import kl_bands

FAMILIES = {"realnvp": "realnvp", "realnvp_course": "realnvp", "mean_field": "mean_field"}
SHIPPED = ["planar", "nice", "realnvp", "mean_field", "full_rank", "spline", "iaf", "maf", "radial"]


def draws(count, chains=2, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    return {f"beta[{i}]": rng.normal(size=(chains, 500)) + shift for i in range(count)}


def table(count, approximations=("mean_field", "realnvp"), truth=True, replicates=2):
    """moments.csv with errors that grow with the parameter's number, some negative."""
    rows = []
    for i, name in enumerate(f"beta[{i}]" for i in range(count)):
        if truth:
            rows.append(("truth", 0, name, 1.0, 2.0, 0.01, 0.0, 1.0))
        for approximation, r in itertools.product(approximations, range(replicates)):
            error = (-1) ** i * 0.01 * i
            known = (error, 1.0) if truth else (np.nan, np.nan)
            rows.append((approximation, r, name, 1 + 2 * error, 2.0, 0.02, *known))
    names = ["approximation", "replicate", "parameter", "mean", "sd", "mean_se"]
    return pd.DataFrame(rows, columns=[*names, "mean_error", "sd_ratio"])


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


# Colours.


def test_shipped_families_have_fixed_colours_in_any_study():
    alone = {family: style.looks({family: family})[family].colour for family in SHIPPED}
    together = style.looks({family: family for family in [*SHIPPED, "mine", "a_new_one"]})
    assert {family: together[family].colour for family in SHIPPED} == alone
    assert len(set(alone.values())) == len(SHIPPED)


@pytest.mark.parametrize("count", [1, 3, 12, 40])
def test_no_two_of_a_study_share_a_colour(count):
    families = {family: family for family in SHIPPED}
    families |= {f"other{i}": f"other{i}" for i in range(count)}
    families |= {f"realnvp_{i}": "realnvp" for i in range(count)}
    colours = [look.colour for look in style.looks(families).values()]
    assert len(set(colours)) == len(colours) == len(families)


def test_flows_of_one_family_have_shades_and_dashes_of_their_own():
    plain, course = (style.looks(FAMILIES)[name] for name in ("realnvp", "realnvp_course"))
    assert plain.colour == style.looks({"realnvp": "realnvp"})["realnvp"].colour
    assert plain.colour != course.colour
    assert plain.dashes != course.dashes


def test_a_new_family_takes_a_free_colour_and_changes_no_other():
    before = style.looks(FAMILIES | {"b": "b"})
    after = style.looks(FAMILIES | {"b": "b", "c": "c"})
    assert {name: after[name].colour for name in before} == {
        name: look.colour for name, look in before.items()
    }


@pytest.mark.parametrize(
    ("flow", "words"),
    [("nice_course", "NICE course"), ("full_rank", "full-rank"), ("mean_field_2", "mean-field 2"),
     ("advi", "advi"), ("my_flow", "my flow"), ("niceish", "niceish")],
)  # fmt: skip
def test_labels_are_those_that_readers_know(flow, words):
    assert style.label(flow) == words


# Draws by name.


def test_arrays_become_scalars_in_c_order():
    values = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
    group = xarray.Dataset(
        {"tau": (("chain", "draw"), values[..., 0, 0]), "a": (("chain", "draw", "i", "j"), values)}
    )
    found = scalars(group)
    assert list(found) == ["tau", "a[0,0]", "a[0,1]", "a[1,0]", "a[1,1]"]
    np.testing.assert_array_equal(found["a[1,0]"], values[..., 1, 0])


def test_the_worst_parameters_are_those_with_the_largest_error_either_way():
    assert worst_parameters(table(44), 3) == ["beta[41]", "beta[42]", "beta[43]"]
    one = table(44)
    one.loc[(one["parameter"] == "beta[7]") & (one["replicate"] == 1), "sd_ratio"] = 0.1
    assert "beta[7]" in worst_parameters(one, 3)
    assert worst_parameters(table(4), 8) == [f"beta[{i}]" for i in range(4)]


def test_without_a_truth_the_first_parameters_are_shown():
    assert worst_parameters(table(44, truth=False), 2) == ["beta[0]", "beta[1]"]


def test_a_name_that_is_no_parameter_is_named_with_what_was_meant():
    known = ["tau", "beta[0]", "beta[1]"]
    assert check_names(["beta[1]", "tau"], known) == ["beta[1]", "tau"]
    with pytest.raises(ValueError, match=r"'beta1'.*did you mean 'beta\[1\]'"):
        check_names(["beta1"], known)


# Densities.


def test_density_of_a_scale_does_not_fall_to_zero_beside_its_edge():
    x = np.random.default_rng(1).exponential(size=40_000)
    places, values = density.curve(x, 0.0, 6.0)
    # It is 1 at 0 and falls by 7 % a bin, over about two of which it is smoothed: 0.91. A kernel
    # without reflection would read half of that.
    assert values[0] == pytest.approx(0.91, abs=0.06)
    assert np.trapezoid(values, places) == pytest.approx(1.0, abs=0.05)


def test_regions_hold_the_mass_they_are_named_for():
    x, y = np.random.default_rng(1).normal(size=(2, 40_000))
    columns, rows, heights, levels = density.regions(x, y, ((-4, 4), (-4, 4)), (0.5, 0.95))
    inside = [heights[heights >= level].sum() / heights.sum() for level in levels]
    # Ascending levels: the outer region first. A cell of the grid is 0.25 sds wide.
    np.testing.assert_allclose(inside, [0.95, 0.5], atol=0.03)
    assert heights.shape == (len(rows), len(columns))


def test_draws_outside_the_figure_have_no_regions_and_one_cell_has_its_own():
    far, box = np.full(100, 50.0), ((-4, 4), (-4, 4))
    assert density.regions(far, far, box, (0.5, 0.95))[-1] == []
    single = np.zeros((4, 4))
    single[1, 2] = 0.1
    assert density.levels(single, (0.5, 0.95, 1.0)) == [0.1]


# Figures.


@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("narrow", [False, True])
def test_marginals_have_a_panel_for_each_parameter(count, narrow):
    approximations = {name: draws(count, seed=1) for name in FAMILIES}
    if narrow:
        with style.narrow():
            figure = marginals.plot_marginals(draws(count), approximations, FAMILIES)
    else:
        figure = marginals.plot_marginals(draws(count), approximations, FAMILIES)
    assert titles(figure) == [f"beta[{i}]" for i in range(count)]
    # The truth, and a line for each replicate of each approximation.
    assert len(figure.axes[-1].get_lines()) == 1 + 2 * 3 + (3 if count == 1 else 0)
    width = figure.get_size_inches()[0]
    assert width == style.NARROW_WIDTH if narrow else width * 160 <= 1600


@pytest.mark.parametrize("plot", [marginals.plot_marginals, pairs.plot_pairs])
def test_figures_say_that_there_is_no_truth(plot):
    figure = plot({}, {"realnvp": draws(3)}, FAMILIES)
    assert "no truth to compare with" in figure.get_suptitle()
    assert "the truth" not in [text.get_text() for text in figure.legends[0].get_texts()]
    assert "no truth" not in plot(draws(3), {"realnvp": draws(3)}, FAMILIES).get_suptitle()


ODD = {
    "far away": draws(2, shift=1e4),
    "a point": {name: np.zeros_like(values) for name, values in draws(2).items()},
    "a point far away": {name: np.full_like(values, 1e4) for name, values in draws(2).items()},
    "far wider": {name: 1e6 * values for name, values in draws(2).items()},
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("plot", [marginals.plot_marginals, pairs.plot_pairs])
def test_an_approximation_however_poor_is_drawn_or_left_outside(plot, odd):
    figure = plot(draws(2), {"realnvp": ODD[odd], "mean_field": draws(2, seed=2)}, FAMILIES)
    figure.canvas.draw()
    # The figure keeps to the truth's size: two standard normals, to three sds.
    assert all(abs(end) < 5 for ax in figure.axes if ax.collections for end in ax.get_xlim())


@pytest.mark.parametrize(("count", "planes"), [(2, 1), (3, 3), (8, 28)])
def test_pairs_are_a_triangle_and_two_parameters_a_plane(count, planes):
    figure = pairs.plot_pairs(draws(count), {"realnvp": draws(count)}, FAMILIES)
    assert sum(len(ax.collections) >= 3 for ax in figure.axes) == planes
    assert figure.get_size_inches()[0] * 160 <= 1600


def test_a_narrow_triangle_shows_few_parameters_and_says_so():
    with style.narrow():
        figure = pairs.plot_pairs(draws(8), {"realnvp": draws(8)}, FAMILIES)
    assert "the first 3 of 8 parameters" in figure.get_suptitle()
    assert not style.is_narrow()


def test_moments_show_the_worst_twenty_of_many_and_say_so():
    figure = moments.plot_moments(table(50), FAMILIES)
    left, right = figure.axes
    shown = [text.get_text() for text in left.get_yticklabels()]
    assert shown == [f"beta[{i}]" for i in range(30, 50)]
    assert "the 20 worst of 50 parameters" in figure.get_suptitle()
    assert "that of the truth" in right.get_xlabel()


def test_bars_of_moments_hold_the_truths_error_too():
    found, reference = moments.mean_errors(table(3))
    assert reference == "the truth"
    # Standard errors 0.02 and 0.01, in units of an sd of 2.
    np.testing.assert_allclose(found["error_se"], np.hypot(0.02, 0.01) / 2)


def test_without_a_truth_moments_are_compared_with_one_another():
    rows = table(2, truth=False)
    rows.loc[rows["approximation"] == "realnvp", "mean"] += 1.0
    found, reference = moments.mean_errors(rows)
    assert reference == "mean_field"
    by_name = found.groupby("approximation")["error"].mean()
    assert by_name["mean_field"] == 0.0
    assert by_name["realnvp"] == pytest.approx(0.5)  # one of two sds


def test_traces_show_the_coordinate_whose_chains_disagree():
    ours = draws(4, chains=20)
    ours["beta[2]"][:5] += 8.0
    figure = traces.plot_traces(ours, passed=False)
    assert "beta[2], 8 of 20 chains: the verdict FAILED" in figure.get_suptitle()
    means = [line.get_ydata().mean() for line in figure.axes[0].get_lines()]
    assert min(means) < 1 < 7 < max(means)  # chains of both groups are among those drawn


def test_a_stuck_coordinate_is_the_worst():
    ours = draws(2)
    ours["beta[1]"][:] = [[1.0], [2.0]]
    assert traces.worst_coordinate(ours) == "beta[1]"


def test_overview_has_a_row_for_each_approximation_known_or_not():
    rows = [("realnvp", 0, 1e-5), ("realnvp", 1, -1e-6), ("mean_field", 0, 0.3)]
    known = pd.DataFrame(rows, columns=["flow", "replicate", "kl"])
    tables = {"good": known, "bad": known.assign(kl=np.nan)}
    (ax,) = overview.plot_overview(tables, FAMILIES, kl_bands()).axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["mean-field", "RealNVP"] * 2
    words = [text.get_text() for text in ax.texts]
    assert words.count("no KL: the text says why") == 2
    assert {"good", "bad", "fair", "poor"} <= set(words)
    low, high = ax.get_xlim()
    for line in ax.get_lines():  # a KL below zero is drawn at the edge, not beyond it
        assert low < min(line.get_xdata()) <= max(line.get_xdata()) < high
