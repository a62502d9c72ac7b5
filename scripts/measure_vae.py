"""ELBO, L_K and exact log p(x) of one autoencoder, along its training and image by image."""

from step import progress, snakemake

import time

import numpy as np
import pandas as pd
import torch
from flowcheck import bounds, device, files, histories, intact
from flowcheck.seeds import seed_for
from flowcheck.vae import VAE
from load_images import images_of_bounds, load_images

SPLITS = ("train", "test")
# Draws of z behind the ELBO of each image, where it is the mean over all of them.
ELBO_DRAWS = 10
params, output = snakemake.params, snakemake.output
torch.set_num_threads(1)
where = device.resolve(params.device)
data = load_images(snakemake.input.images)
binary = torch.from_numpy(data["binary"]).to(where)
model = VAE(binary.shape[1], params.hidden, params.latent).to(where)
multisample = f"L_{params.samples}"
began = time.perf_counter()


def seeded(*names):
    return seed_for(params.seed, "bounds", params.images, *names)


chosen = {split: images_of_bounds(params, data, split) for split in SPLITS}
snapshots = histories.snapshots_of(files.read_weights(snakemake.input.snapshots))
shapes = {name: value.shape for name, value in model.state_dict().items()}
both = torch.cat([binary[chosen[split]] for split in SPLITS])
rows = []
for epoch in progress(list(snapshots), params.vae):
    intact.require_shapes(snakemake.input.snapshots, snapshots[epoch], shapes)
    model.load_state_dict(snapshots[epoch])
    grid, log_px, grid_error = bounds.settle_grid(model, both, params.tolerance)
    of_split = dict(zip(SPLITS, log_px.split([len(chosen[s]) for s in SPLITS]), strict=True))
    last = {}
    for split in SPLITS:
        x = binary[chosen[split]]
        generator = torch.Generator(where).manual_seed(seeded(params.vae, split, epoch))
        elbo, elbo_se, bound, bound_se = bounds.multisample_bounds(
            model, x, params.samples, generator
        )
        last[split] = {"elbo": elbo, multisample: bound, "log_px": of_split[split]}
        errors = {"elbo": elbo_se, multisample: bound_se, "log_px": torch.zeros_like(elbo)}
        for name, value in last[split].items():
            se = errors[name].square().sum().sqrt() / len(x)
            rows.append((epoch, split, name, float(value.mean()), float(se), len(x)))
columns = ["epoch", "split", "bound", "value", "se", "images"]
files.write_table(output.bounds, pd.DataFrame(rows, columns=columns))

# The model is the last epoch's now. Where a bound was not computed, it is not a number.
by_image = {name: np.full(len(binary), np.nan) for name in ("elbo", multisample)}
for split in SPLITS:
    for name in by_image:
        by_image[name][chosen[split]] = last[split][name].cpu().numpy()
log_px = bounds.log_evidence_of_each(model, binary, grid, params.tolerance).cpu().numpy()
generator = torch.Generator(where).manual_seed(seeded(params.vae, "all images"))
elbo, elbo_se = (
    column.cpu().numpy() for column in bounds.elbo_of_each(model, binary, ELBO_DRAWS, generator)
)
members = {split: data["split"] == split for split in SPLITS}
files.write_arrays(
    output.by_image,
    split=data["split"],
    index=np.arange(len(binary)),
    label=data["labels"],
    log_px=log_px,
    **by_image,
)
files.write_json(
    output.run,
    {
        "device": device.describe(where),
        "seconds": time.perf_counter() - began,
        "grid": {"radius": grid.radius, "spacing": grid.spacing},
        "grid_error": grid_error,
        # Means over all images of a split, both of the last epoch.
        "log_px": {split: float(log_px[own].mean()) for split, own in members.items()},
        "elbo": {split: float(elbo[own].mean()) for split, own in members.items()},
        "elbo_se": {
            split: float(np.sqrt(np.square(elbo_se[own]).sum()) / own.sum())
            for split, own in members.items()
        },
    },
)
