"""What the steps of the autoencoder study begin with: the images of one set."""

import numpy as np
from flowcheck import files


def load_images(path: str) -> dict[str, np.ndarray]:
    """images.npz with float32 `intensity` in [0, 1] and `binary` pixels, both [N, pixels]."""
    images = files.read_arrays(path)
    images["intensity"] = images["pixels"].astype(np.float32) / np.float32(images["levels"])
    images["binary"] = images["binary"].astype(np.float32)
    return images
