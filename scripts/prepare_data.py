"""The data of one target: generated, published, or the user's own."""

from step import snakemake

import os

import numpy as np
from flowcheck import files, observations
from flowcheck.seeds import seed_for

params = snakemake.params
if params.data == "embedded":
    y = observations.embedded(np.random.default_rng(seed_for(params.seed, "embedded data")))
elif params.data == "course":
    y = observations.published(os.environ.get("FLOWCHECK_DATA"))
else:
    y = observations.own(params.data)
files.write_arrays(snakemake.output.data, y=y)
