"""What one trained autoencoder shows: its latent plane and the images it decodes."""

from step import snakemake

import numpy as np
import torch
from flowcheck import files, images, pictures
from flowcheck.seeds import seed_for
from load_autoencoder import load_autoencoder
from load_images import images_of_bounds, load_images

# As many images as a page can carry twice over.
MOST_TOUCHED = 1000
params, output = snakemake.params, snakemake.output
torch.set_num_threads(1)
data = load_images(snakemake.input.images)
height, width = data["shape"]
test = data["split"] == "test"
binary = torch.from_numpy(data["binary"])
model = load_autoencoder(snakemake.input.model, binary.shape[1], params)


def seeded(*names):
    return seed_for(params.seed, "pictures", params.images, *names)


def as_images(pixels):
    return np.asarray(pixels, np.float32).reshape(*pixels.shape[:-1], height, width)


means = pictures.latent_means(model, binary[test])
files.write_arrays(output.latent, mean=means.numpy(), label=data["labels"][test])

# Those whose bounds are measured: the report shows them where the reader points.
touched = images_of_bounds(params, data, "test")
touched = touched[:: -(-len(touched) // MOST_TOUCHED) or 1]
decoded = pictures.reconstructed(model, binary[touched])
files.write_arrays(
    output.touch,
    index=touched,
    latent_index=np.searchsorted(np.flatnonzero(test), touched),
    binary=as_images(binary[touched]).astype(np.uint8),
    reconstructed=np.round(255 * as_images(decoded)).astype(np.uint8),
)

# The same real images for every autoencoder: chosen by the image set's name alone.
chosen = images.subset(
    data["split"], "test", params.pictures, np.random.default_rng(seeded("real"))
)
generator = torch.Generator().manual_seed(seeded("generated", params.vae))
z1, z2, mesh = pictures.mesh_over(model, means, params.mesh)
files.write_arrays(
    output.pictures,
    real=as_images(data["intensity"][chosen]),
    binary=as_images(binary[chosen]),
    generated=as_images(pictures.generated(model, params.pictures, generator)),
    reconstructed=as_images(pictures.reconstructed(model, binary[chosen])),
    mesh=as_images(mesh),
    z1=z1.numpy(),
    z2=z2.numpy(),
)
