"""What each autoencoder is trained with on each image set, worked out from the config."""

# Keys of an image set that say what it is; all others override the autoencoders' own.
OF_IMAGES = ("dataset", "test_fraction", "held_out")
OUTSIDE_RECIPE = ("recipe", "hidden", "latent", "binarise")


def vae_params(config: dict, images: str, vae: str) -> dict:
    """What one autoencoder is trained with on one image set: sizes, binarisation, recipe.

    Each setting comes from the most specific place that gives it: the image set, the autoencoder,
    its recipe.
    """
    own, special = config["vaes"][vae], config["images"][images]
    own = own | {key: value for key, value in special.items() if key not in OF_IMAGES}
    name = own.get("recipe", "default")
    merged = config["vae_recipes"][name] | own
    return {
        "hidden": merged["hidden"],
        "latent": merged["latent"],
        "binarise": merged["binarise"],
        "recipe_name": name,
        "recipe": {key: value for key, value in merged.items() if key not in OUTSIDE_RECIPE},
    }
