"""The verdict on the long chain: always written; where it failed, what needs the chain is empty."""

from step import snakemake

import torch
from flowcheck import files
from flowcheck.verdict import judge
from load_target import load_target

target = load_target(snakemake)
chains = files.read_chains(snakemake.input.chains)
theta = files.read_theta(snakemake.input.chains, target.dim)
run, exact = (files.read_json(snakemake.input[name]) for name in ("run", "exact"))
stats = {name: chains["sample_stats"][name].values for name in ("lp", "energy", "diverging")}
if run.get("reference"):
    stats |= {"energy": None, "diverging": None}
expectations = exact.get("expectations") or {}
# The banana says itself which moments to compare.
compared = [] if target.moments else target.coordinates
verdict = judge(
    theta,
    **stats,
    moments=target.moments,
    exact_moments=exact.get("moments") or {},
    constrained=target.flat(torch.from_numpy(theta)).numpy(),
    expectations={name: expectations.get(name, {}) for name in compared},
)
sampler = {key: run[key] for key in ("chains", "draws", "discarded", "step_size", "leapfrog_steps")}
files.write_json(snakemake.output.verdict, verdict | sampler)
