"""Flows in the coordinates of a Gaussian, and the two Gaussian families."""

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, Normal

from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.flows.coordinates import pack, unpack

REALNVP = {"blocks": 1, "hidden": [4], "activation": "silu", "scale_bound": 2.0}


def gaussian(dim, seed=0):
    """loc and a lower-triangular factor of unlike scales, in float64; its determinant is not 1."""
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(dim, dim, generator=generator, dtype=torch.float64).tril(-1)
    factor = (factor + torch.eye(dim)) * torch.logspace(-1, 0.5, dim, dtype=torch.float64)[:, None]
    return 5 * torch.randn(dim, generator=generator, dtype=torch.float64), factor


def started(flow):
    return {
        name: value.double()
        for name, value in flow.initial(torch.Generator().manual_seed(0), "near_identity").items()
    }


@pytest.mark.parametrize("family", ["realnvp", "full_rank", "maf"])
def test_a_flow_that_starts_as_the_identity_starts_as_the_gaussian(family):
    loc, factor = gaussian(4)
    settings = {"realnvp": REALNVP, "full_rank": {}, "maf": {"layers": 2, "hidden": [4]}}[family]
    flow = make_flow(family, 4, settings, (loc, factor))
    x = loc + 3 * torch.randn(50, 4, dtype=torch.float64)
    expected = MultivariateNormal(loc, scale_tril=factor).log_prob(x)
    # Rounding, times the factor's condition of some hundreds.
    torch.testing.assert_close(flow.log_prob(started(flow), x), expected, rtol=1e-10, atol=1e-10)


def test_the_identity_in_a_gaussians_coordinates_is_its_affine_map():
    loc, factor = gaussian(4)
    flow = make_flow("realnvp", 4, REALNVP, (loc, factor))
    assert flow.dim == 4
    params, z = started(flow), torch.randn(50, 4, dtype=torch.float64)
    x = loc + z @ factor.T
    log_det = factor.logdet().expand(50)
    score = torch.linalg.solve(factor.T, -z.unsqueeze(-1)).squeeze(-1)
    # Rounding, times the factor's condition of some hundreds.
    close = {"rtol": 1e-10, "atol": 1e-10}
    torch.testing.assert_close(flow.forward(params, z), (x, log_det), **close)
    torch.testing.assert_close(flow.forward_and_score(params, z), (x, log_det, score), **close)
    torch.testing.assert_close(flow.inverse(params, x), (z, -log_det), **close)
    assert all(torch.allclose(place, x) for place in flow.through(params, z))


def test_mean_field_stays_so_in_any_coordinates():
    loc, factor = gaussian(4)
    flow = make_flow("mean_field", 4, {}, (loc, factor))
    x = loc + 3 * torch.randn(50, 4, dtype=torch.float64)
    sd = MultivariateNormal(loc, scale_tril=factor).stddev
    expected = Normal(loc, sd).log_prob(x).sum(-1)
    torch.testing.assert_close(flow.log_prob(started(flow), x), expected, rtol=1e-12, atol=1e-12)


def test_full_rank_is_torchs_multivariate_normal():
    loc, factor = gaussian(4, seed=1)
    params = {"loc": loc, "log_scale": factor.diagonal().log(), "factor": 100 * factor.triu()}
    params["factor"] += factor.tril(-1)  # what is not below the diagonal does not count
    flow = make_flow("full_rank", 4, {})
    for found, expected in zip(flow.gaussian(params), (loc, factor), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-14, atol=1e-14)
    x = loc + torch.randn(50, 4, dtype=torch.float64)
    expected = MultivariateNormal(loc, scale_tril=factor).log_prob(x)
    torch.testing.assert_close(flow.log_prob(params, x), expected, rtol=1e-12, atol=1e-12)


def test_single_precision_in_gives_single_precision_out():
    flow = make_flow("realnvp", 3, REALNVP, gaussian(3))
    params = flow.initial(torch.Generator().manual_seed(0), "near_identity")
    z = torch.randn(7, 3)
    assert all(part.dtype == torch.float32 for part in flow.forward_and_score(params, z))
    assert all(part.dtype == torch.float32 for part in flow.inverse(params, z))


@pytest.mark.parametrize(
    "coordinates", [(torch.zeros(3), torch.eye(2)), (torch.zeros(2), torch.eye(3))]
)
def test_coordinates_of_another_dimension_are_refused(coordinates):
    with pytest.raises(ValueError, match="coordinates of 2 dimensions"):
        make_flow("realnvp", 2, REALNVP, coordinates)


def test_coordinates_lie_in_the_weights_file_beside_every_replicate(tmp_path):
    coordinates = gaussian(3)
    params = {"loc": torch.randn(2, 3), "log_scale": torch.randn(2, 3)}
    path = tmp_path / "model.safetensors"
    files.write_weights(path, pack(params, coordinates))
    weights = files.read_weights(path)
    assert {len(value) for value in weights.values()} == {2}
    # Files of some replicates each are put together along the first axis.
    whole = {name: torch.cat([value, value]) for name, value in weights.items()}
    found, kept = unpack(whole)
    assert set(found) == set(params)
    assert all(torch.equal(found[name], torch.cat([params[name]] * 2)) for name in params)
    for value, expected in zip(kept, coordinates, strict=True):
        np.testing.assert_array_equal(value.numpy(), expected.numpy())
    assert unpack(pack(params, None)) == (params, None)


def test_one_replicate_has_coordinates_too():
    loc, factor = torch.tensor([1.0, 2.0]), torch.eye(2)
    params, kept = unpack(pack({"shift": torch.zeros(1, 2)}, (loc, factor)))
    assert params["shift"].shape == (1, 2)
    assert torch.equal(kept[0], loc)
    assert torch.equal(kept[1], factor)
