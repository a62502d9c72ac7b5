"""Train one autoencoder on one image set, keeping its weights along the way."""

from step import snakemake

import shutil
import time
from pathlib import Path

import pandas as pd
import torch
from flowcheck import device, files, vae_training
from flowcheck.seeds import seed_for
from flowcheck.vae import VAE
from load_images import load_images

params, output = snakemake.params, snakemake.output
torch.set_num_threads(params.threads)
where = device.resolve(params.device)
images = load_images(snakemake.input.images)
recipe = vae_training.Recipe(**params.recipe, redraw=params.binarise == "dynamic")
shown = images["binary"] if params.binarise == "static" else images["intensity"]
x = torch.from_numpy(shown[images["split"] == "train"]).to(where)
model = VAE(x.shape[1], params.hidden, params.latent)
evaluated = vae_training.evaluated_epochs(recipe.epochs, params.evaluations)
print(f"{params.vae} on {params.images}: {len(x)} images on {device.describe(where)}")
print(f"recipe: {params.recipe}", flush=True)

# Not an output: Snakemake removes a killed job's outputs, and these are what it goes on from.
unfinished = Path(output.model).with_name("unfinished")
unfinished.mkdir(parents=True, exist_ok=True)


def report(epoch, objective, model):
    print(f"epoch {epoch}: objective {objective:.2f} nats per image", flush=True)
    if epoch in evaluated:
        files.write_weights(unfinished / f"{epoch}.safetensors", model.state_dict())


began = time.perf_counter()
history = vae_training.train(
    model,
    x,
    recipe,
    seed_for(params.seed, "vae", params.images, params.vae),
    checkpoint=unfinished / "checkpoint.pt",
    # A checkpoint is taken up only by a run of the same code on the same images.
    made_by=files.fingerprint([snakemake.input.images, *snakemake.input.code]),
    report=report,
)
seconds = time.perf_counter() - began

files.write_weights(output.model, model.state_dict())
snapshots = {}
for epoch in evaluated:
    weights = files.read_weights(unfinished / f"{epoch}.safetensors")
    snapshots |= {f"{epoch}/{name}": value for name, value in weights.items()}
files.write_weights(output.snapshots, snapshots)
epochs = range(1, recipe.epochs + 1)
files.write_table(output.history, pd.DataFrame({"epoch": epochs, "objective": history}))
files.write_json(
    output.run,
    {
        "device": device.describe(where),
        "threads": params.threads,
        "seconds": seconds,  # of this process: a run taken up counts from there
        "epochs": recipe.epochs,
    },
)
shutil.rmtree(unfinished)
