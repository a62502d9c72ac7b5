"""Draws from every replicate of a trained flow, with their log density, and by name."""

from step import snakemake

from flowcheck import files
from flowcheck.flows.base import sample
from flowcheck.seeds import generators_for
from load_flow import load_flow
from load_target import load_target

params = snakemake.params
posterior = load_target(snakemake)
flow, weights = load_flow(snakemake, posterior.dim)
generators = generators_for(params.replicates, params.seed, params.target, params.flow, "draws")
theta, log_q = sample(flow, weights, params.draws, generators)
files.write_arrays(snakemake.output.draws, theta=theta.numpy(), log_q=log_q.numpy())
named = {name: value.numpy() for name, value in posterior.constrain(theta).items()}
files.write_draws(snakemake.output.named, named, {"log_q": log_q.numpy()})
