"""A flow block by block and as it learns, and which plane of it is shown."""

import numpy as np
import pandas as pd
import pytest
import torch

from flowcheck import layers
from flowcheck.flows import make_flow
from flowcheck.targets.base import Posterior
from tests.flowcheck.test_flows import (
    COUPLINGS,
    SETTINGS,
    every_case,
    flow_and_params,
    normal,
    stacked,
)

# What counts the blocks of a family that has several.
COUNTED = {"planar": "layers", "radial": "layers", "iaf": "layers", "maf": "layers"} | {
    family: "blocks" for family in COUPLINGS
}


@every_case
def test_the_way_through_ends_where_forward_ends(family, dim, inside):
    flow, params = flow_and_params(family, dim, inside)
    z = normal(20, dim)
    places = flow.through(params, z)
    counted = COUNTED.get(family)
    assert len(places) == 1 + (SETTINGS[family][counted] if counted else 1)
    # The same operations in the same order: float64's rounding at most.
    torch.testing.assert_close(places[-1], flow.forward(params, z)[0], rtol=1e-12, atol=1e-12)
    start = z if not inside else flow.loc + z @ flow.factor.mT
    if family in COUPLINGS and dim > 2:  # shuffles reorder the coordinates, and change none
        start = start if inside else z.sort(-1)[0]
        assert inside or torch.equal(places[0].sort(-1)[0], start)
    else:
        torch.testing.assert_close(places[0], start, rtol=1e-12, atol=1e-12)


# From z to x MAF's last layer comes first.
@pytest.mark.parametrize("family", sorted(set(COUNTED) - {"maf"}))
def test_each_stop_is_where_a_shorter_flow_ends(family):
    flow, params = flow_and_params(family, 2)
    z, counted = normal(20, 2), COUNTED[family]
    places = flow.through(params, z)
    for k in range(1, SETTINGS[family][counted]):
        shorter = make_flow(family, 2, SETTINGS[family] | {counted: k})
        own = params
        if family in ("planar", "radial"):
            own = {name: value[:k] for name, value in params.items()}
        elif "scale" in params:
            own = params | {"scale": params["scale"][:k]}
        torch.testing.assert_close(places[k], shorter.forward(own, z)[0], rtol=1e-12, atol=1e-12)


def test_each_stop_of_maf_is_what_its_layer_takes_to_the_one_before():
    flow, params = flow_and_params("maf", 3)
    places = flow.through(params, normal(20, 3))
    for k, layer in enumerate(reversed(flow.layers)):
        back, _ = layer.fast(params, places[k + 1])
        torch.testing.assert_close(back, places[k], rtol=1e-9, atol=1e-9)


# As printed, RealNVP's shifts start at 1.
@pytest.mark.parametrize("family", sorted(set(COUPLINGS) - {"realnvp_printed"}))
def test_coordinates_keep_their_places_from_stop_to_stop(family):
    # A coupling that moves nothing only shuffles: undone, nothing is seen to move.
    flow = make_flow(family, 5, SETTINGS[family])
    params = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    params |= {name: torch.zeros_like(v) for name, v in params.items() if name != "scale"}
    places = flow.through(params, normal(4, 5).float())
    for place in places[1:]:
        torch.testing.assert_close(place, places[0], rtol=1e-5, atol=1e-5)  # float32


def test_replicates_side_by_side_go_the_same_way():
    flow, first = flow_and_params("realnvp", 3, seed=1)
    _, second = flow_and_params("realnvp", 3, seed=2)
    z = normal(2, 6, 3)
    together = flow.through(stacked([first, second]), z)
    for r, one in enumerate((first, second)):
        for a, b in zip(together, flow.through(one, z[r]), strict=True):
            torch.testing.assert_close(a[r], b, rtol=1e-12, atol=1e-12)


def test_the_grid_is_of_squares_in_its_plane():
    lines = layers.grid(4, (1, 3))
    assert lines.shape == (26, layers.POINTS, 4)
    assert (lines[..., [0, 2]] == 0).all()
    across, up = lines[:13], lines[13:]
    assert (across[..., 1] == across[0, :, 1]).all()
    assert (across[..., 3].diff(dim=0) == layers.SPACING).all()
    assert (up[..., 3] == up[0, :, 3]).all()
    assert (up[..., 1].diff(dim=0) == layers.SPACING).all()
    assert layers.grid(1, (0,)).shape == (1, layers.POINTS, 1)


def test_frames_have_a_frame_for_each_stop():
    flow, params = flow_and_params("planar", 2)
    z = normal(7, 2)
    frames = layers.frames_of_layers(flow, params, z)
    assert frames.dtype == np.float32
    np.testing.assert_allclose(frames[0], z, rtol=1e-6)
    lines = layers.frames_of_layers(flow, params, layers.grid(2, (0, 1)))
    assert lines.shape == (5, 26, layers.POINTS, 2)
    np.testing.assert_allclose(
        lines[-1, 3], flow.forward(params, layers.grid(2, (0, 1))[3])[0], rtol=1e-5, atol=1e-6
    )
    _, early = flow_and_params("planar", 2, seed=7)
    learning = layers.frames_of_learning(flow, {100: params, 1: early}, z)
    np.testing.assert_allclose(learning[0], flow.forward(early, z)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(learning[1], frames[-1], rtol=1e-6)


class Named:
    parameters = {  # noqa: RUF012, as a user's class has it
        "a": "real",
        "p": ("simplex", 3),
        "s": ("positive", (2, 2)),
        "w": ("simplex", (2, 3)),
    }

    def log_density(self, a, p, s, w):
        return -(a**2) - s.sum()


@pytest.fixture
def named():
    return Posterior(Named(), "named.py")


def test_each_parameter_has_the_coordinate_that_moves_it_most(named):
    places = layers.coordinate_of(named)
    assert list(places) == named.coordinates
    u = torch.zeros(named.dim, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(named.flat, u)
    for row, name in enumerate(named.coordinates):
        assert jacobian[row, places[name]].abs() > 0.01, name
    assert places["a"] == 0
    assert places["s[1,0]"] == 5
    assert layers.coordinate_names(named)[:2] == ["a", "p[0], unconstrained"]


def moments_with(errors: dict) -> pd.DataFrame:
    rows = [("truth", name, 0.0, 1.0) for name in errors]
    rows += [("planar", name, error, ratio) for name, (error, ratio) in errors.items()]
    return pd.DataFrame(rows, columns=["approximation", "parameter", "mean_error", "sd_ratio"])


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ({"b": (0.1, 1.0), "c": (-0.9, 1.0), "d": (0.0, 0.2)}, (1, 2)),
        ({"b": (0.1, 1.0), "c": (0.2, 1.0), "d": (0.0, 1.0)}, (0, 1)),
        ({"b": (np.nan, np.nan), "c": (np.nan, np.nan), "d": (np.nan, 3.0)}, (0, 2)),
    ],
)
def test_the_plane_is_of_the_two_worst(errors, expected):
    places = {name: i for i, name in enumerate(errors)}
    assert layers.worst_plane(moments_with(errors), places, 3) == expected


def test_two_that_share_a_coordinate_make_no_plane():
    errors = {"p[0]": (0.1, 1.0), "p[1]": (0.9, 1.0), "p[2]": (0.8, 1.0), "a": (0.0, 1.0)}
    places = {"p[0]": 0, "p[1]": 1, "p[2]": 1, "a": 2}
    assert layers.worst_plane(moments_with(errors), places, 3) == (0, 1)


@pytest.mark.parametrize(("dim", "expected"), [(1, (0,)), (2, (0, 1)), (5, (0, 1))])
def test_without_a_choice_the_plane_is_the_first(dim, expected):
    assert layers.worst_plane(moments_with({}), {}, dim) == expected


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("family", ["realnvp", "nice", "iaf", "planar"])
def test_the_grid_of_the_base_fills_the_plane_that_is_shown(family, inside):
    # Whatever is shuffled: before the first block the grid's lines are seen as a grid.
    flow, params = flow_and_params(family, 3 if inside else 5, inside)
    shown = (0, 2) if inside else (1, 4)
    lines = layers.grid(flow.dim, layers.plane_of_base(flow, params, shown))
    start = layers.frames_of_layers(flow, params, lines)[0]
    if inside:
        start = (start - flow.loc.numpy()) @ flow.divisor.mT.numpy()
    whole = layers.grid(flow.dim, shown).numpy()
    np.testing.assert_allclose(start[..., shown], whole[..., shown], atol=1e-5)
