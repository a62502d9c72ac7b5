"""Figures along training and along a chain's steps: what is drawn where, and on which axis."""

import numpy as np
import pandas as pd
import pytest

from flowcheck.plots.elbo import plot_elbo
from flowcheck.plots.theory import plot_contraction, plot_gradients

HISTORY = pd.DataFrame(
    {"iteration": [1, 1, 10, 10], "replicate": [0, 1] * 2, "elbo": [-30.0, -25.0, -20.5, -20.1]}
)
FAMILIES = {"a": "nice", "b": "planar"}


def test_every_replicate_is_a_line_below_the_evidence():
    figure = plot_elbo({"a": HISTORY, "b": HISTORY}, FAMILIES, -20.0)
    assert [ax.get_title().split(" (")[1] for ax in figure.axes] == ["2 replicates)"] * 2
    first, second, truth = figure.axes[0].lines
    np.testing.assert_allclose(first.get_ydata(), [-10.0, -0.5])
    np.testing.assert_allclose(second.get_ydata(), [-5.0, -0.1])
    assert set(truth.get_ydata()) == {0.0}
    assert figure.axes[0].get_yscale() == "symlog"
    assert any("-20.000000" in text.get_text() for text in figure.axes[0].texts)


@pytest.mark.parametrize(("error", "bands"), [(0.0, 0), (1e-6, 0), (0.1, 1)])
def test_an_evidence_with_an_error_that_shows_is_a_band_of_two(error, bands):
    ax = plot_elbo({"a": HISTORY}, FAMILIES, -20.0, error).axes[0]
    assert len(ax.patches) == bands
    for band in ax.patches:
        low, high = band.get_y(), band.get_y() + band.get_height()
        assert (low, high) == pytest.approx((-2 * error, 2 * error))


def test_without_an_evidence_the_elbo_itself_is_drawn():
    figure = plot_elbo({"a": HISTORY}, FAMILIES, None)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [-30.0, -20.5])
    assert len(figure.axes[0].lines) == 2
    assert not figure.axes[0].texts
    assert figure.axes[0].get_ylabel() == "ELBO, nats"


def test_kernels_are_drawn_with_the_rate_that_is_predicted():
    kl = {"walk": [8.0, 4.0, 2.0], "identity": [8.0, 8.0, 8.0], "constant": [8.0, 0.0]}
    parts = [pd.DataFrame({"kernel": k, "step": range(len(v)), "kl": v}) for k, v in kl.items()]
    rates = {"walk": 0.25, "identity": 1.0, "constant": 0.0}
    left, right = plot_contraction(pd.concat(parts), rates).axes
    dashed = [line for line in right.lines if line.get_color() == "black"]
    # One that moves and takes more than a step has a prediction: through its end, by its rate.
    (predicted,) = dashed
    np.testing.assert_allclose(predicted.get_ydata(), [32.0, 8.0, 2.0])
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["constant", "identity", "walk", "predicted rate"]
    assert right.get_xlim() == (0, 2)


def test_both_gradients_variances_are_against_iteration_and_kl():
    rows = [
        {"iteration": i, "estimator": name, "variance": v, "kl": 1.0 / (i + 1)}
        for name, v in (("total", 4.0), ("path", 1.0))
        for i in (0, 10)
    ]
    left, right = plot_gradients(pd.DataFrame(rows)).axes
    assert [line.get_xdata().tolist() for line in left.lines] == [[0.5, 10.0]] * 2
    assert [set(line.get_ydata()) for line in left.lines] == [{4.0}, {1.0}]
    high, low = right.get_xlim()  # towards the fit
    assert high > 1 > 1 / 11 > low
