"""Which of recipe, autoencoder and image set decides a setting."""

import pytest

from workflow.lib.vae_config import empty_split, images_of, vae_params


@pytest.fixture
def config():
    return {
        "images": {"digits": {"dataset": "digits", "test_fraction": 0.2, "batch": 64}},
        "vaes": {
            "vae": {
                "recipe": "default",
                "hidden": 512,
                "latent": 2,
                "epochs": 100,
                "binarise": "dynamic",
                "points": 7,
            }
        },
        "vae_recipes": {"default": {"batch": 500, "points": 512, "slope": 6.0}},
    }


def test_the_image_set_decides_before_the_autoencoder_and_it_before_its_recipe(config):
    settings = vae_params(config, "digits", "vae")
    assert settings["recipe"] == {"batch": 64, "points": 7, "slope": 6.0, "epochs": 100}
    assert settings["recipe_name"] == "default"
    assert (settings["hidden"], settings["latent"], settings["binarise"]) == (512, 2, "dynamic")


def test_an_image_set_may_choose_another_recipe(config):
    config["vae_recipes"]["slow"] = {"batch": 1, "points": 1, "slope": 1.0}
    config["images"]["digits"]["recipe"] = "slow"
    settings = vae_params(config, "digits", "vae")
    assert settings["recipe_name"] == "slow"
    assert settings["recipe"]["slope"] == 1.0


def test_the_config_itself_is_left_as_it_was(config):
    vae_params(config, "digits", "vae")
    assert "batch" not in config["vaes"]["vae"]


@pytest.mark.parametrize(
    ("entry", "counts"),
    [
        ({"dataset": "digits"}, (1438, 359)),
        ({"dataset": "MNIST"}, (60_000, 10_000)),
        ({"dataset": "MNIST", "held_out": "test"}, (60_000, 10_000)),
        ({"dataset": "MNIST", "held_out": "train", "test_fraction": 0.25}, (45_000, 15_000)),
        ({"dataset": "digits", "held_out": "train"}, (1150, 288)),  # a fifth of the 1438
    ],
)
def test_how_many_images_are_trained_on_and_held_out(entry, counts):
    assert images_of(entry) == counts


def test_a_fraction_that_splits_all_images_may_not_split_those_for_training():
    # Of 178 images 176 are the test's; 0.99 of the two that are left are both of them.
    entry = {"dataset": "digits", "test_fraction": 0.99}
    assert empty_split(entry) is None
    assert "the digit" in empty_split(entry | {"held_out": "train"})
