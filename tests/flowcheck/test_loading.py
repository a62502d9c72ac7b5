"""A flow comes back from its weights file as it was trained, and says what it was trained on."""

import math

import pytest
import torch

import flowcheck
from flowcheck import files, loading
from flowcheck.flows import make_flow
from flowcheck.flows.coordinates import FACTOR, LOC

SIZES = {
    "planar": {"layers": 3},
    "nice": {"blocks": 2, "hidden": [4], "activation": "silu"},
    "realnvp": {"blocks": 2, "hidden": [4], "activation": "silu", "scale_bound": 5.0},
}
TARGET = {"target": "mine", "target_family": "banana", "target_settings": {"sigma_y": 2.0}}


def written(path, family, dim=2, replicates=3, **more):
    """Weights of untrained replicates, as the step writes them."""
    flow = make_flow(family, dim, SIZES[family])
    generators = [torch.Generator().manual_seed(seed) for seed in range(replicates)]
    each = [flow.initial(generator, "published") for generator in generators]
    params = {name: torch.stack([one[name] for one in each]) for name in each[0]}
    made_from = {"flow": "a", "family": family, "sizes": SIZES[family], "dim": dim} | TARGET
    files.write_weights(path, params | more, made_from)
    return flow, params


@pytest.mark.parametrize("family", SIZES)
def test_a_loaded_flow_scores_its_own_draws_as_the_flow_itself_does(family, tmp_path):
    flow, params = written(tmp_path / "model.safetensors", family)
    loaded = flowcheck.load(tmp_path / "model.safetensors")
    for replicate in range(3):
        x, log_q = loaded.sample_and_log_prob(50, seed=4, replicate=replicate)
        assert (x.shape, x.dtype, log_q.shape) == ((50, 2), torch.float64, (50,))
        assert torch.equal(x, loaded.sample(50, seed=4, replicate=replicate))
        own = {name: value[replicate].double() for name, value in params.items()}
        expected = flow.log_prob(own, x)
        # The forward's determinant and the inverse's, in double precision: a few roundings.
        assert torch.allclose(log_q, expected, rtol=0, atol=1e-9)
        assert torch.equal(loaded.log_prob(x, replicate), expected)


def test_a_loaded_flow_says_what_it_is(tmp_path):
    written(tmp_path / "model.safetensors", "nice")
    loaded = flowcheck.load(tmp_path / "model.safetensors")
    assert (loaded.name, loaded.family, loaded.dim, loaded.replicates) == ("a", "nice", 2, 3)
    assert loaded.sizes == SIZES["nice"]
    assert (loaded.target, loaded.target_settings) == ("mine", {"sigma_y": 2.0})
    assert "nice" in repr(loaded)
    assert "mine" in repr(loaded)


def test_draws_depend_on_the_seed_and_the_replicate_alone(tmp_path):
    written(tmp_path / "model.safetensors", "realnvp")
    one, other = (flowcheck.load(tmp_path / "model.safetensors") for _ in range(2))
    torch.manual_seed(5)
    first = one.sample(10, seed=1)
    torch.manual_seed(6)
    assert torch.equal(first, other.sample(10, seed=1))
    assert not torch.equal(first, one.sample(10, seed=2))
    assert not torch.equal(first, one.sample(10, seed=1, replicate=1))


def test_log_prob_takes_any_leading_axes_and_has_a_gradient(tmp_path):
    written(tmp_path / "model.safetensors", "planar")
    loaded = flowcheck.load(tmp_path / "model.safetensors")
    grid = torch.randn(2, 3, 4, 2, generator=torch.Generator().manual_seed(1)).double()
    values = loaded.log_prob(grid)
    assert values.shape == (2, 3, 4)
    assert values[1, 2, 3].item() == pytest.approx(loaded.log_prob(grid[1, 2, 3]).item(), abs=1e-9)
    assert loaded.log_prob(grid.float().tolist()).shape == (2, 3, 4)


def test_a_densitys_mass_is_one(tmp_path):
    written(tmp_path / "model.safetensors", "nice")
    loaded = flowcheck.load(tmp_path / "model.safetensors")
    step = 0.05
    axis = torch.arange(-12, 12, step, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    # A trapezoid rule on a smooth density that is 0 at the edges errs by less than 1e-3 here.
    assert loaded.log_prob(grid).exp().sum().item() * step**2 == pytest.approx(1, abs=1e-3)


def test_where_the_targets_mass_is_goes_to_the_flow_and_belongs_to_no_replicate(
    tmp_path, monkeypatch
):
    seen = []

    def spy(family, dim, sizes, coordinates=None):
        seen.append(coordinates)
        return make_flow(family, dim, sizes)

    monkeypatch.setattr(loading, "make_flow", spy)
    loc, factor = torch.tensor([1.0, 2.0]), torch.eye(2)
    more = {LOC: loc.expand(1, 2), FACTOR: factor.expand(1, 2, 2)}
    written(tmp_path / "model.safetensors", "nice", replicates=1, **more)
    loaded = flowcheck.load(tmp_path / "model.safetensors")
    assert torch.equal(seen[0][0], loc.double())
    assert torch.equal(seen[0][1], factor.double())
    assert loaded.replicates == 1
    assert math.isfinite(loaded.log_prob([0.0, 0.0]))


def test_equal_weights_and_metadata_are_equal_bytes(tmp_path):
    for name in ("one", "other"):
        written(tmp_path / name, "planar")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


REFUSED = {
    "an absent file": (None, FileNotFoundError, "no such file"),
    "an empty file": (b"", ValueError, "not a whole .safetensors file"),
    "another format": (b"PK\3\4" + b"x" * 100, ValueError, "Delete it and run again"),
    "half a file": ("half", ValueError, "not a whole .safetensors file"),
    "no metadata": ("bare", ValueError, "does not say which flow it holds"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_flow_is_refused_with_the_files_name(name, tmp_path):
    content, kind, message = REFUSED[name]
    path = tmp_path / "model.safetensors"
    if content == "half":
        written(path, "nice")
        path.write_bytes(path.read_bytes()[:-20])
    elif content == "bare":
        files.write_weights(path, {"weight": torch.zeros(2)})
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(kind, match=message) as refused:
        flowcheck.load(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("x", [0.0, [1.0], [[1.0, 2.0, 3.0]]])
def test_points_of_another_space_are_refused(x, tmp_path):
    written(tmp_path / "model.safetensors", "nice")
    with pytest.raises(ValueError, match=r"takes points \[..., 2\]"):
        flowcheck.load(tmp_path / "model.safetensors").log_prob(x)


@pytest.mark.parametrize("replicate", [-1, 3])
def test_a_replicate_that_was_not_trained_is_refused(replicate, tmp_path):
    written(tmp_path / "model.safetensors", "nice")
    with pytest.raises(IndexError, match="there are 0 to 2"):
        flowcheck.load(tmp_path / "model.safetensors").sample(1, replicate=replicate)


def test_there_is_nothing_else_to_ask_the_package_for():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        flowcheck.lode  # noqa: B018
