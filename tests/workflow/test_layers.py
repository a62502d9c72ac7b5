"""What the sliders and the latent plane show, as the tiny study's files hold it."""

import numpy as np
import pytest
import torch

import flowcheck
from flowcheck import files
from flowcheck.vae import VAE

FLOWS = {"planar": 2, "nice": 2, "realnvp": 2}  # and how many blocks each has
HIDDEN = 32  # of the tiny study's autoencoders
# float32, in which the frames are kept, of values up to some tens.
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture
def banana(study):
    return study.checkout.results / "banana"


@pytest.mark.parametrize("flow", FLOWS)
def test_layers_lead_from_the_base_to_what_the_trained_flow_makes_of_it(banana, flow):
    own = files.read_arrays(banana / f"flows/{flow}/layers.npz")
    frames, n, dim = own["x"].shape
    assert (frames, dim) == (FLOWS[flow] + 1, 2)
    assert own["lines"].shape[0] == frames
    np.testing.assert_allclose(own["x"][0], own["z"], **ROUNDING)
    # A standard normal's mean and variance, within five of their errors.
    assert abs(own["z"].mean()) < 5 / np.sqrt(2 * n)
    assert abs(own["z"].var() - 1) < 5 / np.sqrt(n)
    trained = flowcheck.load(banana / f"flows/{flow}/model.safetensors")
    z = torch.from_numpy(own["z"])
    x, _ = trained._flow.forward(trained._replicate(0), z)
    np.testing.assert_allclose(own["x"][-1], x, **ROUNDING)


@pytest.mark.parametrize("flow", FLOWS)
def test_snapshots_end_with_the_trained_flow(banana, flow):
    layers, own = (
        files.read_arrays(banana / f"flows/{flow}/{name}.npz") for name in ("layers", "snapshots")
    )
    assert own["iteration"].tolist() == [1, 10, 100, 200]
    assert own["x"].shape[0] == 4
    np.testing.assert_allclose(own["x"][-1], layers["x"][-1], **ROUNDING)
    np.testing.assert_allclose(own["lines"][-1], layers["lines"][-1], **ROUNDING)
    assert np.abs(own["x"][0] - own["x"][-1]).max() > 0.1  # it has learnt something


def test_every_flow_is_given_the_same_points(banana):
    first, *others = (files.read_arrays(banana / f"flows/{flow}/layers.npz")["z"] for flow in FLOWS)
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_draws_to_point_at_are_the_flows_own(banana):
    touch = files.read_arrays(banana / "touch.npz")
    exact = files.read_arrays(banana / "exact_draws.npz")["theta"]
    assert set(map(tuple, touch["truth"])) <= set(map(tuple, exact.astype(np.float32)))
    for name, draws in zip(touch["flows"], touch["draws"], strict=True):
        theta = files.read_arrays(banana / f"flows/{name}/draws.npz")["theta"][0]
        np.testing.assert_array_equal(draws, theta[: len(draws)].astype(np.float32))


@pytest.mark.parametrize("vae", ["vae", "course"])
def test_images_to_point_at_are_those_whose_bounds_are_measured(study, vae):
    folder = study.checkout.results / "vae/digits"
    touch, bounds, latent = (
        files.read_arrays(folder / vae / f"{name}.npz")
        for name in ("touch", "image_bounds", "latent")
    )
    data = files.read_arrays(folder / "images.npz")
    test = np.flatnonzero(data["split"] == "test")
    measured = np.flatnonzero(np.isfinite(bounds["elbo"]) & (bounds["split"] == "test"))
    np.testing.assert_array_equal(touch["index"], measured)
    np.testing.assert_array_equal(test[touch["latent_index"]], measured)
    np.testing.assert_array_equal(latent["label"][touch["latent_index"]], data["labels"][measured])
    binary = data["binary"].reshape(len(data["binary"]), -1)
    np.testing.assert_array_equal(touch["binary"].reshape(len(measured), -1), binary[measured])
    # What the decoder makes of the place in the plane where the page shows the image.
    weights = files.read_weights(folder / vae / "model.safetensors")
    model = VAE(binary.shape[1], HIDDEN, 2)
    model.load_state_dict(weights)
    with torch.no_grad():
        decoded = torch.sigmoid(model.decode(torch.from_numpy(latent["mean"])))
    shown = touch["reconstructed"].reshape(len(measured), -1) / 255
    np.testing.assert_allclose(shown, decoded[touch["latent_index"]], atol=0.51 / 255)
