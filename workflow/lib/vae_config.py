"""What each autoencoder is trained with on each image set, worked out from the config."""

# Keys of an image set that say what it is; all others override the autoencoders' own.
OF_IMAGES = ("dataset", "test_fraction")
OUTSIDE_RECIPE = ("recipe", "hidden", "latent", "binarise")


def vae_params(config: dict, images: str, vae: str) -> dict:
    """What one autoencoder is trained with on one image set: sizes, binarisation, recipe.

    Each setting comes from the most specific place that gives it: the image set, the autoencoder,
    its recipe.
    """
    own, special = config["vaes"][vae], config["images"][images]
    own = own | {key: value for key, value in special.items() if key not in OF_IMAGES}
    merged = config["vae_recipes"][own["recipe"]] | own
    return {
        "hidden": merged["hidden"],
        "latent": merged["latent"],
        "binarise": merged["binarise"],
        "recipe_name": own["recipe"],
        "recipe": {key: value for key, value in merged.items() if key not in OUTSIDE_RECIPE},
    }


def wanted_recipes(config: dict) -> dict[str, str]:
    """The recipes that image sets and autoencoders name, by the place that names them."""
    wanted = {}
    for section, usual in (("images", {}), ("vaes", {"recipe": "default"})):
        for name, own in config.get(section, {}).items():
            if own is not None and (recipe := (usual | own).get("recipe")) is not None:
                wanted[f"{section}.{name}"] = recipe
    return wanted
