"""One Hamiltonian Monte Carlo run on one target: with fixed settings, or adapting itself."""

from step import progress, snakemake

import time

import torch
from flowcheck import adaptation, files, hmc
from flowcheck.evaluating import starts
from flowcheck.seeds import seed_for
from load_target import load_target

torch.set_num_threads(1)
params = snakemake.params
target = load_target(snakemake)
generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "hmc", params.name))


def bar(transitions):
    return progress(transitions, f"HMC {params.name}")


def fixed(run: dict) -> tuple[hmc.Chains, int]:
    """The run whose settings are given, and its warm-up."""
    chains, rule = run.pop("chains"), run.pop("init")
    settings = hmc.Settings(**run)
    init = torch.zeros(chains, target.dim, dtype=torch.float64)
    if rule == "over-dispersed":
        init = target.starts(chains, generator)
    result = hmc.sample(target.log_density, target.gradient, init, settings, generator, bar)
    return result, settings.warmup_draws


def adapted(run: dict) -> tuple[hmc.Chains, int]:
    """The run that tunes itself during warm-up, and its warm-up."""
    settings = adaptation.Settings(**run)
    init = starts(target.value_and_gradient, lambda: target.starts(settings.chains, generator))
    result = adaptation.sample(target.value_and_gradient, init, settings, generator, bar)
    return result, settings.warmup_draws


began = time.perf_counter()
run = dict(params.run)
result, warmup = fixed(run) if "leapfrog_steps" in run else adapted(run)
seconds = time.perf_counter() - began
stats = {name: getattr(result, name).numpy() for name in hmc.Info._fields}
named = {name: value.numpy() for name, value in target.constrain(result.theta).items()}
files.write_chains(
    snakemake.output.chains, result.theta.numpy(), stats, named if target.named else None
)
files.write_json(
    snakemake.output.run,
    {
        "device": "cpu",
        "chains": result.theta.shape[0],
        "draws": result.theta.shape[1],
        "discarded": warmup,
        "leapfrog_steps": result.leapfrog_steps,
        "trajectory_length": result.trajectory_length,
        "gradients": result.gradients,
        "step_size": result.step_size,
        "acceptance_rate": float(result.acceptance_rate.mean()),
        "seconds": seconds,
    },
)
