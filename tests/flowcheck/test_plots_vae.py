"""The figures show what they are given, where it belongs, and need no torch."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from flowcheck.plots import images, vae


@pytest.fixture
def bounds():
    values = {"elbo": -140.0, "L_50": -135.0, "log_px": -133.0}
    return pd.DataFrame(
        [
            (epoch, split, bound, value - 10 / epoch, 0.1, 200)
            for epoch in (1, 5, 10)
            for split in ("train", "test")
            for bound, value in values.items()
        ],
        columns=["epoch", "split", "bound", "value", "se", "images"],
    )


def test_figures_need_no_torch():
    code = (
        "import flowcheck.plots.vae, flowcheck.plots.images, sys; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_bounds_are_drawn_split_by_split_under_their_own_names(bounds):
    figure = vae.plot_bounds(bounds)
    train, test = figure.axes
    assert (train.get_title(), test.get_title()) == ("train images", "test images")
    labels = [text.get_text() for text in test.get_legend().get_texts()]
    assert labels == [r"exact $\log p(x)$", "$L_{50}$", "ELBO"]
    for axes in figure.axes:
        for line, value in zip(axes.get_lines(), (-133.0, -135.0, -140.0), strict=True):
            np.testing.assert_allclose(line.get_ydata(), value - 10 / np.array([1, 5, 10]))


def test_a_mosaic_reads_row_by_row():
    tiles = np.zeros((5, 2, 3))
    tiles[3] = 1.0  # second row, first column, of three columns
    shown = images.plot_image_grid(tiles, columns=3).axes[0].get_images()[0].get_array()
    assert shown.shape == (2 * 3 - 1, 3 * 4 - 1)
    assert shown[3:5, 0:3].min() == 1.0
    assert shown.sum() == 6.0


def test_the_mesh_lies_under_the_scatter_turned_like_it():
    z1, z2 = np.linspace(-2.0, 2.0, 4), np.linspace(10.0, 13.0, 3)
    mesh = np.zeros((3, 4, 2, 2))
    mesh[2, 0] = 1.0  # the largest z2 and the smallest z1: top left
    mean = np.array([[-2.0, 10.0], [2.0, 13.0], [0.0, 11.0]])
    figure = vae.plot_latent_plane(mean, np.array([0, 1, 2]), mesh, z1, z2)
    above, below = figure.axes
    picture = below.get_images()[0]
    assert picture.get_array()[:2, :2].min() == 1.0
    assert picture.get_array().sum() == 4.0
    assert picture.origin == "upper"
    assert picture.get_extent()[2] < picture.get_extent()[3]
    assert above.get_xlim() == below.get_xlim()
    assert above.get_ylim() == below.get_ylim()
    assert [t.get_text() for t in above.get_legend().get_texts()] == ["0", "1", "2"]


def test_gaps_name_their_mean():
    gaps = {
        split: {"elbo": np.array([3.0, 5.0]), "L_50": np.array([-0.1, 1.1])}
        for split in ("train", "test")
    }
    figure = vae.plot_gaps(gaps)
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == ["ELBO, mean 4.00", "$L_{50}$, mean 0.50"]


def test_models_are_compared_by_name(bounds):
    both = pd.concat([bounds.assign(vae="b"), bounds.assign(vae="a")])
    labels = [t.get_text() for t in vae.plot_comparison(both).axes[0].get_legend().get_texts()]
    assert labels == ["a, train", "a, test", "b, train", "b, test"]


def test_reconstructions_stand_beside_their_originals():
    figure = images.plot_reconstructions(np.ones((4, 2, 2)), np.zeros((4, 2, 2)), columns=2)
    left, right = figure.axes
    assert right.get_title() == "reconstructed"
    assert left.get_images()[0].get_array().max() == 1
    assert right.get_images()[0].get_array().max() == 0
