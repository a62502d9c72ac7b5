"""Train replicates of one flow on one target, side by side: all of them, or a part."""

from step import Progress, snakemake

import os
import time

import numpy as np
import pandas as pd
import torch
from flowcheck import compiling, device, files, histories, intact, training
from flowcheck.flows import make_flow
from flowcheck.flows.coordinates import pack
from flowcheck.precision import shift
from flowcheck.seeds import generators_for
from load_target import load_target
from unfinished import checkpoint_of

torch.set_num_threads(1)
# Adam's moments for a ReLU unit that is never active decay until they are subnormal, and remain so:
# with such numbers Intel's processors compute more than ten times slower.
torch.set_flush_denormal(True)
params = snakemake.params
where = device.resolve(params.device)
target = load_target(snakemake, where)
coordinates = None
if params.coordinates == "gaussian":
    fitted = files.read_arrays(snakemake.input.gaussian)
    shapes = {"loc": (target.dim,), "factor": (target.dim, target.dim)}
    intact.require_shapes(snakemake.input.gaussian, fitted, shapes)
    coordinates = torch.from_numpy(fitted["loc"]), torch.from_numpy(fitted["factor"])
flow = make_flow(params.flow_family, target.dim, params.sizes, coordinates)
# A large constant would leave single precision no digit of the ELBO: it is added at the end.
middle = torch.zeros(target.dim) if coordinates is None else coordinates[0]
shifted = shift(target, middle)
recipe = training.Recipe(**params.recipe)
first = int(params.first)
replicates = np.arange(first, first + params.replicates)
generators = generators_for(params.replicates, params.seed, params.target, params.flow, first=first)
print(f"{params.flow} on {params.target}, on {device.describe(where)}: replicates {replicates}")
if gpus := os.environ.get("CUDA_VISIBLE_DEVICES"):
    print(f"CUDA_VISIBLE_DEVICES={gpus}")
print(f"recipe: {params.recipe}", flush=True)
compiled = compiling.pays(recipe.iterations, params.replicates, where)
print("step: compiled" if compiled else "step: eager (too little work, or no compiler)", flush=True)

began = time.perf_counter()
checkpoint = checkpoint_of(snakemake, where)
progress = Progress(unit="iteration")
trained = training.train(
    flow,
    shifted.log_density,
    recipe,
    generators,
    where,
    progress=progress,
    compiled=compiled,
    checkpoint=checkpoint,
    watch=progress.note,
)
seconds = time.perf_counter() - began
skipped = trained.skipped.int().tolist()
if any(skipped):
    print(f"WARNING: steps skipped because something was not finite, per replicate: {skipped}")

checkpoint.require_ownership()
# What `flowcheck.load` rebuilds the flow from.
made_from = {
    "flow": params.flow,
    "family": params.flow_family,
    "sizes": params.sizes,
    "dim": target.dim,
    "target": params.target,
    "target_family": params.family,
    "target_settings": params.settings,
    "coordinates": target.coordinates,
}
files.write_weights(snakemake.output.model, pack(trained.params, coordinates), made_from)
learning = {
    f"{done}/{name}": value
    for done, own in trained.snapshots.items()
    for name, value in own.items()
}
files.write_weights(snakemake.output.snapshots, learning)
iterations, elbo = histories.thinned(trained.elbo)
history = pd.DataFrame(
    {
        "iteration": np.repeat(iterations, params.replicates),
        "replicate": np.tile(replicates, len(iterations)),
        "elbo": elbo.ravel() + shifted.constant,
    }
)
files.write_table(snakemake.output.elbo, history)
files.write_json(
    snakemake.output.run,
    {
        "device": device.describe(where),
        "seconds": seconds,  # of this process: a run taken up counts from there
        "replicates": params.replicates,
        "iterations": recipe.iterations,
        "gradients": recipe.iterations * recipe.samples * params.replicates,
        "coordinates": params.coordinates,
        "skipped_steps": skipped,
    },
)
checkpoint.remove()
