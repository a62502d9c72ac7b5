"""One image set: pixels, labels, split, and the binary images every model is evaluated on."""

from step import snakemake

import os
from pathlib import Path

import numpy as np
from flowcheck import files, idx_files, images
from flowcheck.observations import data_folder
from flowcheck.seeds import seed_for

params = snakemake.params


def rng(purpose: str) -> np.random.Generator:
    return np.random.default_rng(seed_for(params.seed, "images", params.images, purpose))


if params.dataset == "digits":
    loaded = images.load_digits(params.test_fraction, rng("split"))
else:
    root = os.environ.get("FLOWCHECK_DATA")
    folder = root and idx_files.folder_of(data_folder(root), params.images, params.dataset)
    loaded = images.load_torchvision(params.dataset, folder, Path(params.downloads))
    print(f"{params.dataset} from {folder or 'its mirrors'}")

if params.held_out == "train":
    loaded = images.without_test(loaded, params.test_fraction, rng("validation"))

files.write_arrays(
    snakemake.output.images,
    pixels=loaded.pixels,
    labels=loaded.labels,
    split=loaded.split,
    shape=np.array(loaded.shape),
    levels=np.array(loaded.levels),
    binary=images.binarise(loaded.intensity, rng("evaluation")),
)
files.write_json(
    snakemake.output.facts,
    {
        "dataset": params.dataset,
        "held_out": params.held_out,
        "sha256": loaded.checksum,
        "shape": list(loaded.shape),
        "train": int(np.sum(loaded.split == "train")),
        "test": int(np.sum(loaded.split == "test")),
    },
)
