"""A first look at one target: it finds early what would otherwise waste hours."""

from step import snakemake, tell

import torch
from flowcheck import files, first_look, flat_priors
from flowcheck.model_errors import ModelError
from flowcheck.named_draws import check_names
from flowcheck.numpy_files import fill_values
from flowcheck.seeds import seed_for
from load_target import load_target, posterior_of

torch.set_num_threads(1)
params = snakemake.params
target = load_target(snakemake)
generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "first look"))
data = files.read_arrays(snakemake.input.data)
repeated = None
if rows_twice := flat_priors.twice(data):
    try:
        repeated = posterior_of(params, rows_twice)
    except ModelError:  # not every model takes more rows than there are
        print("flat priors: the model does not take its data twice")
found = first_look.look(target, generator, repeated)
# Found here, before the hours that the figures come after.
check_names(params.show or [], found["coordinates"])
for note in (f"the data: {said}" for said in fill_values(data)):
    found["notes"].append(note)
    tell(f"note: {params.target}: {note}")
files.write_json(snakemake.output.check, found)
