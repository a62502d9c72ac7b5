"""The truth of one target in one record, whoever supplies it, and its draws by name."""

from step import snakemake

import torch
from flowcheck import files, truth
from load_target import load_target
from measuring import read_exact_draws

paths, output = snakemake.input, snakemake.output
posterior = load_target(snakemake)
verdict = files.read_json(paths.verdict)
exact_draws = read_exact_draws(paths.exact_draws, posterior.dim)
chains = torch.from_numpy(files.read_theta(paths.chains, posterior.dim))

if len(exact_draws):
    source, theta = "exact", torch.from_numpy(exact_draws).unsqueeze(0)
elif verdict["passed"]:
    source, theta = "hmc", chains
else:
    source, theta = "none", chains[:, :0]
record = truth.gather(
    posterior.exact(),
    files.read_json(paths.evidence),
    verdict["passed"],
    posterior.coordinates,
    posterior.flat(chains).numpy(),
)
files.write_json(output.truth, record | {"draws": source, "describe": posterior.describe()})
named = {name: value.numpy() for name, value in posterior.constrain(theta).items()}
files.write_draws(output.draws, named, {})
