"""The autoencoder study in miniature, as its rules make it: files, their columns, and the order
of the bounds."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.repository import copy_to, snakemake

# K is not 1000, so that no name can be written down anywhere.
CONFIG = """\
output: results/reduced
images: {digits: {epochs: 4}}
vaes:
  vae: {hidden: 64}
  grey: {hidden: 64, binarise: grey, recipe: course}
  still: {hidden: 64, binarise: static}
vae_bounds: {samples: 30, images: 25, evaluations: 3}
"""
VAE = "vae/digits/vae"
MADE = (f"{VAE}/image_bounds.npz", f"{VAE}/pictures.npz", "vae/digits/losses.csv")
# Seconds. It takes 40 on one core; the limit ends a hang.
LIMIT = 300


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("vae") / "clone")
    (folder / "reduced.yaml").write_text(CONFIG)
    goals = [f"results/reduced/{path}" for path in MADE]
    options = ("--cores", "2", "--configfile", "reduced.yaml", "--")
    done = snakemake(folder, *options, *goals, limit=LIMIT)
    assert done.returncode == 0, done.stdout
    return folder / "results/reduced"


@pytest.fixture(scope="module")
def bounds(results):
    return pd.read_csv(results / VAE / "bounds.csv")


def test_every_bound_is_measured_once_per_epoch_and_split(bounds):
    assert list(bounds.columns) == ["epoch", "split", "bound", "value", "se", "images"]
    assert set(bounds["bound"]) == {"elbo", "L_30", "log_px"}
    epochs = sorted(bounds["epoch"].unique())
    assert epochs[-1] == 4
    assert len(epochs) == 3
    assert len(bounds) == len(epochs) * 2 * 3
    assert not bounds.duplicated(["epoch", "split", "bound"]).any()
    assert set(bounds["images"]) == {25}


def test_bounds_lie_in_order(bounds):
    for _, rows in bounds.groupby(["epoch", "split"]):
        value, se = (rows.set_index("bound")[column] for column in ("value", "se"))
        # Four errors, which are themselves estimates from 25 images.
        assert value["elbo"] < value["L_30"] + 4 * np.hypot(se["elbo"], se["L_30"])
        assert value["L_30"] < value["log_px"] + 4 * se["L_30"]
        assert se["log_px"] == 0.0


def test_training_has_raised_the_evidence(bounds):
    test = bounds[(bounds["bound"] == "log_px") & (bounds["split"] == "test")]
    value = test.set_index("epoch")["value"]
    # 64 fair coins would have log p(x) = -44.4.
    assert value.loc[4] > value.loc[1]
    assert value.loc[4] > -35.0


def test_image_bounds_are_those_of_the_last_epoch(results, bounds):
    last = bounds[bounds["epoch"] == 4].set_index(["split", "bound"])["value"]
    with np.load(results / VAE / "image_bounds.npz") as by_image:
        assert len(by_image["log_px"]) == 1797
        assert np.isfinite(by_image["log_px"]).all()
        assert by_image["label"].max() == 9
        for split in ("train", "test"):
            measured = (by_image["split"] == split) & np.isfinite(by_image["L_30"])
            assert measured.sum() == 25
            for bound in ("elbo", "L_30", "log_px"):
                mean = by_image[bound][measured].mean()
                assert mean == pytest.approx(last[split, bound], abs=1e-4)


def test_losses_add_up(results):
    table = pd.read_csv(results / "vae/digits/losses.csv")
    assert list(table["vae"]) == ["grey", "grey", "still", "still", "vae", "vae"]
    assert list(table["split"]) == ["train", "test"] * 3
    lost = table["log_px_minus_multisample"] + table["multisample_minus_elbo"]
    np.testing.assert_allclose(table["elbo"] + lost, table["log_px"])
    everything = json.loads((results / VAE / "bounds.json").read_text())
    ours = table[table["vae"] == "vae"]
    for column, name in (
        ("log_px_all", "log_px"),
        ("elbo_all", "elbo"),
        ("elbo_all_se", "elbo_se"),
    ):
        assert ours[column].tolist() == [everything[name]["train"], everything[name]["test"]]


def test_elbo_and_log_px_of_all_images_compare(results):
    everything = json.loads((results / VAE / "bounds.json").read_text())
    with np.load(results / VAE / "image_bounds.npz") as by_image:
        gaps, split = by_image["log_px"] - by_image["elbo"], by_image["split"]
    for name in ("train", "test"):
        measured = gaps[(split == name) & np.isfinite(gaps)]
        gap = everything["log_px"][name] - everything["elbo"][name]
        # The mean over 25 of the images is that over all within four of its errors.
        assert abs(gap - measured.mean()) < 4 * measured.std() / len(measured) ** 0.5


def test_all_autoencoders_are_measured_on_the_same_images(results):
    measured = []
    for vae in ("grey", "still", "vae"):
        with np.load(results / f"vae/digits/{vae}/image_bounds.npz") as by_image:
            measured.append(by_image["index"][np.isfinite(by_image["elbo"])])
    np.testing.assert_array_equal(measured[0], measured[1])
    np.testing.assert_array_equal(measured[0], measured[2])


def test_what_is_trained_on_makes_a_difference(results):
    weights = [
        (results / f"vae/digits/{vae}/model.safetensors").read_bytes()
        for vae in ("grey", "still", "vae")
    ]
    assert len(set(weights)) == 3


def test_pictures_are_what_the_figures_show(results):
    with np.load(results / VAE / "pictures.npz") as pictures:
        for name in ("real", "binary", "generated", "reconstructed"):
            assert pictures[name].shape == (100, 8, 8)
        assert pictures["mesh"].shape == (20, 20, 8, 8)
        assert set(np.unique(pictures["binary"])) == {0.0, 1.0}
        with np.load(results / VAE / "latent.npz") as latent:
            assert latent["mean"].shape == (len(latent["label"]), 2)
            corners = latent["mean"].min(0), latent["mean"].max(0)
        for i, axis in enumerate(("z1", "z2")):
            assert pictures[axis][[0, -1]] == pytest.approx([c[i] for c in corners], abs=1e-6)


def test_nothing_of_the_unfinished_run_is_left(results):
    assert not (results / VAE / "unfinished").exists()
