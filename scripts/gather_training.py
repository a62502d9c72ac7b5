"""Put the parts of a flow's training together: the files that one job would have written."""

from step import snakemake

import pandas as pd
import torch
from flowcheck import files

paths, output = snakemake.input, snakemake.output
parts = [files.read_weights(path) for path in paths.models]
weights = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
files.write_weights(output.model, weights, files.read_weights_metadata(paths.models[0]))

# The first replicate's: the first part's.
files.write_weights(output.snapshots, files.read_weights(paths.snapshots[0]))

history = pd.concat([files.read_table(path) for path in paths.elbos])
files.write_table(output.elbo, history.sort_values(["iteration", "replicate"]))

runs = [files.read_json(path) for path in paths.runs]
files.write_json(
    output.run,
    {
        "device": ", ".join(sorted({run["device"] for run in runs})),
        "seconds": sum(run["seconds"] for run in runs),
        "replicates": sum(run["replicates"] for run in runs),
        "iterations": runs[0]["iterations"],
        "gradients": sum(run["gradients"] for run in runs),
        "coordinates": runs[0]["coordinates"],
        "skipped_steps": [count for run in runs for count in run["skipped_steps"]],
    },
)
