"""What the steps of the autoencoder study begin with: the images of one set."""

import numpy as np
from flowcheck import files, images
from flowcheck.seeds import seed_for


def load_images(path: str) -> dict[str, np.ndarray]:
    """images.npz with float32 `intensity` in [0, 1] and `binary` pixels, both [N, pixels]."""
    found = files.read_arrays(path)
    found["intensity"] = found["pixels"].astype(np.float32) / np.float32(found["levels"])
    found["binary"] = found["binary"].astype(np.float32)
    return found


def images_of_bounds(params, data: dict, split: str) -> np.ndarray:
    """Sorted indices of the images of a split whose bounds are measured, `params.chosen` at most.

    The same for every autoencoder: chosen by the image set's name alone.
    """
    seed = seed_for(params.seed, "bounds", params.images, "subset", split)
    return images.subset(data["split"], split, params.chosen, np.random.default_rng(seed))
