"""The verdict on the long chain: always written; what would rely on a failed one refuses it."""

from step import snakemake

from flowcheck import files
from flowcheck.verdict import judge
from load_target import load_target

params = snakemake.params
target = load_target(snakemake)
chains = files.read_chains(snakemake.input.chains)
stats = {name: chains["sample_stats"][name].values for name in ("lp", "energy", "diverging")}
exact_moments = files.read_json(snakemake.input.exact).get("moments", {})
theta = chains["posterior"]["theta"].values
verdict = judge(theta, **stats, moments=target.moments, exact_moments=exact_moments)
run = files.read_json(snakemake.input.run)
sampler = {key: run[key] for key in ("chains", "draws", "discarded", "step_size", "leapfrog_steps")}
files.write_json(snakemake.output.verdict, verdict | sampler)
