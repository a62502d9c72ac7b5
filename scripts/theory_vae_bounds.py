"""The multi-sample bound of one trained autoencoder, for rising K, and exact log p(x)."""

from step import progress, snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import bounds, files, multisample
from flowcheck.seeds import seed_for
from load_autoencoder import load_autoencoder
from load_images import load_images

# Blocks of the largest K behind each image's bound.
BLOCKS = 4
AT_ONCE = 10

params, paths = snakemake.params, snakemake.input
torch.set_num_threads(1)
draws = BLOCKS * params.samples[-1]
multisample.check_sizes(params.samples, draws)
binary = torch.from_numpy(load_images(paths.images)["binary"])
model = load_autoencoder(paths.model, binary.shape[1], params)
by_image = files.read_arrays(paths.by_image)

rows = []
for split in ("train", "test"):
    # The images on which the study measured its own bounds.
    chosen = np.flatnonzero((by_image["split"] == split) & np.isfinite(by_image["elbo"]))
    generator = torch.Generator().manual_seed(
        seed_for(params.seed, "theory", params.images, params.vae, split)
    )
    found = {k: [] for k in params.samples}
    for start in progress(range(0, len(chosen), AT_ONCE), f"L_K of {params.vae}, {split}"):
        x = binary[chosen[start : start + AT_ONCE]]
        log_w = bounds.log_weights(model, x, draws, generator).numpy()
        for k, estimates in found.items():
            estimates += [multisample.bound(image, k) for image in log_w.T]
    for k, estimates in found.items():
        value = multisample.mean_of(estimates)
        rows.append(
            {
                "images": params.images,
                "vae": params.vae,
                "split": split,
                "k": k,
                "value": value.value,
                "se": value.se,
                "log_px": by_image["log_px"][chosen].mean(dtype=float),
            }
        )
files.write_table(snakemake.output.bounds, pd.DataFrame(rows))
