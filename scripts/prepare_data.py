"""The data of one target: generated, published, or the user's own."""

from step import snakemake

import numpy as np
from flowcheck import files
from flowcheck.seeds import seed_for
from flowcheck.targets import read_data

params = snakemake.params
rng = np.random.default_rng(seed_for(params.seed, "embedded data"))
data = read_data(params.get("family"), params.data, rng)
files.write_arrays(snakemake.output.data, **data)
