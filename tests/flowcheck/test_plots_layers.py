"""Small multiples of flows at work: a row for each flow, from its first frame to its last."""

import numpy as np
import pytest

from flowcheck.plots import style
from flowcheck.plots.layers import box, in_plane, plot_layers, plot_learning, shown

FAMILIES = {"planar": "planar", "nice": "nice"}
TRUTH = np.random.default_rng(9).standard_normal((700, 2))


def arrays(frames, dim=2, plane=(0, 1), **more):
    rng = np.random.default_rng(frames)
    return {
        "x": rng.standard_normal((frames, 60, dim)).astype(np.float32),
        "lines": rng.standard_normal((frames, 26, 49, dim)).astype(np.float32),
        "z": rng.standard_normal((60, dim)),
        "plane": np.array(plane),
        "names": np.array(["a", "b"][: len(plane)]),
    } | more


def drawn(figure):
    return [ax for ax in figure.axes if ax.axison]


@pytest.mark.parametrize(
    ("last", "wide", "narrow"),
    [(1, [0, 1], [0, 1]), (4, [0, 1, 2, 3, 4], [0, 2, 4]), (8, [0, 2, 4, 6, 8], [0, 4, 8])],
)
def test_the_first_and_the_last_frame_are_shown(last, wide, narrow):
    assert shown(last) == wide
    with style.narrow():
        assert shown(last) == narrow


@pytest.mark.parametrize("truth", [TRUTH, TRUTH[:0]], ids=["truth", "none"])
def test_a_row_for_each_flow(truth, tmp_path):
    flows = {"planar": arrays(9), "nice": arrays(3)}
    figure = plot_layers(flows, FAMILIES, truth)
    titles = [ax.get_title() for ax in drawn(figure)]
    assert titles == [
        "the base", "after 2 of 8", "after 4 of 8", "after 6 of 8", "after 8 of 8",
        "the base", "after 1 of 2", "after 2 of 2",
    ]  # fmt: skip
    points = drawn(figure)[7].collections[1].get_offsets()
    np.testing.assert_allclose(points, flows["nice"]["x"][2])
    lines = drawn(figure)[7].collections[2].get_segments()
    np.testing.assert_allclose(lines[5], flows["nice"]["lines"][2, 5, ::2])
    figure.savefig(tmp_path / "a.png")


def test_learning_counts_iterations():
    flows = {"nice": arrays(3, iteration=np.array([1, 10, 2500]))}
    figure = plot_learning(flows, FAMILIES, TRUTH, TRUTH)
    titles = [ax.get_title() for ax in drawn(figure)]
    assert titles == ["1 iteration", "10 iterations", "2,500 iterations"]


def test_of_many_dimensions_the_plane_is_shown():
    own = arrays(2, dim=5, plane=(1, 4))
    points, lines = in_plane(own, 1)
    np.testing.assert_array_equal(points, own["x"][1][:, [1, 4]])
    np.testing.assert_array_equal(lines, own["lines"][1][..., [1, 4]])


def test_of_one_dimension_the_base_is_the_other():
    own = arrays(2, dim=1, plane=(0,)) | {"lines": np.ones((2, 1, 49, 1))}
    points, lines = in_plane(own, 1)
    np.testing.assert_array_equal(points, np.concatenate([own["z"], own["x"][1]], 1))
    assert lines.shape == (1, 49, 2)
    assert plot_layers({"nice": own}, FAMILIES, TRUTH[:0])


def test_a_flow_that_went_astray_does_not_shrink_the_rest():
    astray = 1e6 * TRUTH
    astray[0] = np.nan
    limits = box(TRUTH, [astray], TRUTH)
    assert np.abs(limits).max() < 5
    assert np.abs(box(TRUTH, [astray], TRUTH[:0])).max() > 1e6
