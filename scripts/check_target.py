"""A first look at one target: what would waste hours if it were found after them."""

from step import snakemake

import torch
from flowcheck import files, first_look, flat_priors
from flowcheck.model_errors import ModelError
from flowcheck.seeds import seed_for
from load_target import load_target, posterior_of

torch.set_num_threads(1)
params = snakemake.params
target = load_target(snakemake)
generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "first look"))
repeated = None
if rows_twice := flat_priors.twice(files.read_arrays(snakemake.input.data)):
    try:
        repeated = posterior_of(params, rows_twice)
    except ModelError:  # not every model takes more rows than there are
        print("flat priors: the model does not take its data twice")
files.write_json(snakemake.output.check, first_look.look(target, generator, repeated))
