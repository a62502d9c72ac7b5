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


def unknown_recipes(config: dict) -> list[str]:
    """What a schema cannot see: recipes that image sets or autoencoders name and none defines."""
    known = [name for name, recipe in config.get("vae_recipes", {}).items() if recipe is not None]
    problems = []
    for section in ("images", "vaes"):
        for name, entry in config.get(section, {}).items():
            wanted = (entry or {}).get("recipe", "default" if section == "vaes" else None)
            if entry is not None and wanted is not None and wanted not in known:
                problems.append(
                    f"{section}.{name}.recipe: no recipe '{wanted}' under vae_recipes"
                    f" (known: {', '.join(sorted(known))})"
                )
    return problems
