"""Small pictures and costs: who is drawn, where, and what is said of those who cannot be."""

import math

import numpy as np
import pytest

from flowcheck.plots import costs, style, thumbnails

FAMILIES = {"realnvp": "realnvp", "mean_field": "mean_field"}


def draws(parameters, shift=0.0, replicates=2):
    rng = np.random.default_rng(0)
    return {f"beta[{i}]": rng.normal(size=(replicates, 900)) + shift for i in range(parameters)}


def point(flow, kl, seconds=10.0, gradients=1000, se=0.0):
    return {"flow": flow, "kl": kl, "se": se, "seconds": seconds, "gradients": gradients}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_each_approximation_has_a_panel_that_says_its_name(count):
    names = [f"mine_{i}" for i in range(count)]  # none of them a family of the config
    titles = {name: f"{name}: 0.1" for name in names}
    figure = thumbnails.plot_thumbnails(
        draws(2), {name: draws(2) for name in names}, FAMILIES, titles
    )
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == list(titles.values())
    assert figure.get_figwidth() <= style.NARROW_WIDTH + 0.2  # a phone's


def test_draws_lie_over_the_truths_on_its_axes():
    far = {"realnvp": draws(2, shift=0.5)}
    (ax,) = thumbnails.plot_thumbnails(draws(2), far, FAMILIES, {"realnvp": "a"}).axes
    behind, over = (layer.get_offsets() for layer in ax.collections)
    assert len(behind) == len(over) == thumbnails.POINTS
    assert over.mean() - behind.mean() == pytest.approx(0.5, abs=0.15)  # 4 errors of 1/sqrt(400)
    low, high = ax.get_xlim()
    assert low < behind[:, 0].min() + 0.6  # the outermost 0.1 % may lie beyond
    assert high > behind[:, 0].max() - 0.6


def test_the_first_replicate_alone_is_shown():
    ours = draws(2)
    for values in ours.values():
        values[1] += 100.0
    (ax,) = thumbnails.plot_thumbnails(draws(2), {"realnvp": ours}, FAMILIES, {"realnvp": ""}).axes
    assert ax.collections[1].get_offsets().max() < 10


def test_one_parameter_has_densities_and_no_truth_is_no_error():
    (ax,) = thumbnails.plot_thumbnails(draws(1), {"a": draws(1)}, {}, {"a": "a"}).axes
    assert len(ax.get_lines()) == 1
    (ax,) = thumbnails.plot_thumbnails({}, {"a": draws(2)}, {}, {"a": "a"}).axes
    assert len(ax.collections) == 1


def test_without_any_draws_that_is_said():
    for truth in ({}, draws(2)):
        figure = thumbnails.plot_thumbnails(truth, {}, FAMILIES, {})
        assert figure.get_suptitle() == "No approximation has draws"


def test_costs_have_a_mark_for_each_known_and_name_the_others():
    points = [
        point("realnvp", 1e-3, seconds=20.0, gradients=5000, se=1e-4),
        point("mean_field", 0.5),
        point("brought", 0.1, seconds=None, gradients=None),
        point("refused", math.nan),
    ]
    figure = costs.plot_costs(points, FAMILIES)
    seconds, gradients = figure.axes
    for ax, wanted in (
        (seconds, {(20.0, 1e-3), (10.0, 0.5)}),
        (gradients, {(5000, 1e-3), (1000, 0.5)}),
    ):
        marks = [tuple(one.lines[0].get_xydata()[0]) for one in ax.containers]
        assert set(marks) == wanted
    assert figure.get_suptitle() == "Without a KL: refused; without a cost: brought"


def test_a_kl_of_noise_stays_on_the_axis():
    figure = costs.plot_costs(
        [point("realnvp", -1e-6, se=1e-5), point("mean_field", 0.5)], FAMILIES
    )
    low, high = figure.axes[0].get_ylim()
    for one in figure.axes[0].containers:
        _, value = one.lines[0].get_xydata()[0]
        assert low < value < high
