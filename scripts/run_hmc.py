"""One Hamiltonian Monte Carlo run on one target."""

from step import progress, snakemake

import time

import torch
from flowcheck import files, hmc
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params = snakemake.params
run = dict(params.run)
chains, rule = run.pop("chains"), run.pop("init")
settings = hmc.Settings(**run)
target = load_target(snakemake)
generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "hmc", params.name))
init = torch.zeros(chains, target.dim, dtype=torch.float64)
if rule == "over-dispersed":
    init = target.starts(chains, generator)

began = time.perf_counter()
result = hmc.sample(
    target.log_density,
    target.gradient,
    init,
    settings,
    generator,
    lambda transitions: progress(transitions, f"HMC {params.name}"),
)
seconds = time.perf_counter() - began
stats = {name: getattr(result, name).numpy() for name in hmc.Info._fields}
files.write_chains(snakemake.output.chains, result.theta.numpy(), stats)
files.write_json(
    snakemake.output.run,
    {
        "device": "cpu",
        "chains": chains,
        "draws": settings.draws,
        "discarded": settings.warmup_draws,
        "leapfrog_steps": settings.leapfrog_steps,
        "step_size": result.step_size,
        "acceptance_rate": float(result.acceptance_rate.mean()),
        "seconds": seconds,
    },
)
