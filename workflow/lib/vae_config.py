"""What each autoencoder is trained with on each image set, worked out from the config."""

# Images of each label among scikit-learn's digits, and of the split of every other set.
DIGITS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
TRAIN, TEST = 60_000, 10_000
TEST_FRACTION = 0.2  # of the digits, unless given
# Keys of an image set that say what it is; all others override the autoencoders' own.
OF_IMAGES = ("dataset", "test_fraction", "held_out")
OUTSIDE_RECIPE = ("recipe", "hidden", "latent", "binarise")


def images_of(entry: dict) -> tuple[int, int]:
    """How many images an image set has for training, and held out: to a few, for rounded shares."""
    train, test = TRAIN, TEST
    if entry["dataset"] == "digits":
        test = sum(_of_each_digit(entry))
        train = sum(DIGITS) - test
    if entry.get("held_out") == "train":
        test = round(entry.get("test_fraction", TEST_FRACTION) * train)
        train -= test
    return train, test


def empty_split(entry: dict) -> str | None:
    """What a test fraction leaves no image for, in words; None if all is well."""
    if entry["dataset"] == "digits":
        for digit, (test, count) in enumerate(zip(_of_each_digit(entry), DIGITS, strict=True)):
            if entry.get("held_out") == "train":
                count -= test
                test = round(entry.get("test_fraction", TEST_FRACTION) * count)
            if not 0 < test < count:
                return f"no {'test' if test == 0 else 'training'} image of the digit {digit}"
    return None


def _of_each_digit(entry: dict) -> list[int]:
    """Test images of each digit, as `flowcheck.images.stratified_split` takes them."""
    fraction = entry.get("test_fraction", TEST_FRACTION)
    return [round(fraction * count) for count in DIGITS]


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
