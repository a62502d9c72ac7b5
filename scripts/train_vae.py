"""Train one autoencoder on one image set, keeping its weights along the way."""

from step import Progress, snakemake

import time

import pandas as pd
import torch
from flowcheck import device, files, intact, vae_training
from flowcheck.seeds import seed_for
from flowcheck.vae import VAE
from load_images import load_images
from unfinished import checkpoint_of

params, output = snakemake.params, snakemake.output
torch.set_num_threads(1)
# Adam's moments become subnormal here too: see train_flow.py.
torch.set_flush_denormal(True)
where = device.resolve(params.device)
images = load_images(snakemake.input.images)
recipe = vae_training.Recipe(**params.recipe, redraw=params.binarise == "dynamic")
shown = images["binary"] if params.binarise == "static" else images["intensity"]
x = torch.from_numpy(shown[images["split"] == "train"]).to(where)
model = VAE(x.shape[1], params.hidden, params.latent)
evaluated = vae_training.evaluated_epochs(recipe.epochs, params.evaluations)
print(f"{params.vae} on {params.images}: {len(x)} images on {device.describe(where)}")
print(f"recipe: {params.recipe}", flush=True)

checkpoint = checkpoint_of(snakemake, where)
progress = Progress(unit="epoch")


def snapshot(epoch):
    """Where the weights after an evaluated epoch wait until all are written."""
    return checkpoint.folder / f"{epoch}.safetensors"


def report(epoch, objective, model):
    print(f"epoch {epoch}: objective {objective:.2f} nats per image", flush=True)
    progress.note(f"objective {objective:.2f} nats per image")
    progress.at(epoch, recipe.epochs)
    if epoch in evaluated:
        checkpoint.require_ownership()
        files.write_weights(snapshot(epoch), model.state_dict())


began = time.perf_counter()
history = vae_training.train(
    model,
    x,
    recipe,
    seed_for(params.seed, "vae", params.images, params.vae),
    checkpoint=checkpoint,
    report=report,
)
seconds = time.perf_counter() - began

checkpoint.require_ownership()
files.write_weights(output.model, model.state_dict())
snapshots = {}
for epoch in evaluated:
    try:
        weights = files.read_weights(snapshot(epoch), like=model.state_dict())
    except (intact.Unusable, FileNotFoundError) as error:  # the training is of no use without it
        raise intact.Unusable(checkpoint.folder, f"holds an unusable file ({error})") from None
    snapshots |= {f"{epoch}/{name}": value for name, value in weights.items()}
files.write_weights(output.snapshots, snapshots)
epochs = range(1, recipe.epochs + 1)
files.write_table(output.history, pd.DataFrame({"epoch": epochs, "objective": history}))
files.write_json(
    output.run,
    {
        "device": device.describe(where),
        "seconds": seconds,  # of this process: a run taken up counts from there
        "epochs": recipe.epochs,
    },
)
checkpoint.remove()
