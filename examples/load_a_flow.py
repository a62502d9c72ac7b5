"""Load a flow that a study has trained, draw from it and evaluate its density.

python examples/load_a_flow.py results/banana/flows/realnvp/model.safetensors
"""

import sys

import flowcheck

flow = flowcheck.load(sys.argv[1])
print(flow)

draws = flow.sample(10_000, seed=1)
print(f"mean of {len(draws)} draws: {draws.mean(dim=0).tolist()}")
print(f"their standard deviation: {draws.std(dim=0).tolist()}")

# The entropy of q is the mean of -log q over its own draws.
for replicate in range(flow.replicates):
    own, log_q = flow.sample_and_log_prob(10_000, seed=1, replicate=replicate)
    print(f"entropy of replicate {replicate}: {-log_q.mean():.3f} nats")

# Any other points can be scored too, whole grids of them.
print(f"log q(0) = {flow.log_prob([0.0] * flow.dim):.3f}")
