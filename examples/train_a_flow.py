"""Train a flow on your own density, from Python, and measure its KL. It takes seconds.

python examples/train_a_flow.py
"""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

import flowcheck
from flowcheck import files
from flowcheck.flows import make_flow
from flowcheck.training import Recipe, train


def log_density(x):
    """A curved density on R^2, normalised: x1 is standard normal, x2 normal about x1^2 / 2."""
    first, second = x[..., 0], x[..., 1] - 0.5 * x[..., 0] ** 2
    return -0.5 * (first**2 + second**2) - math.log(2 * math.pi)


family, sizes = "realnvp", {"blocks": 2, "hidden": [16], "activation": "silu", "scale_bound": 5.0}
recipe = Recipe(
    iterations=500,
    samples=100,  # draws behind each gradient
    learning_rate=1e-2,
    schedule="cosine",
    warmup=50,
    clip=10.0,
    weight_decay=0.0,
    gradient="path",
    ema_decay=None,
    init="near_identity",
)
# A generator per replicate: two flows, trained side by side.
generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
trained = train(make_flow(family, 2, sizes), log_density, recipe, generators, torch.device("cpu"))

with TemporaryDirectory() as folder:
    path = Path(folder) / "model.safetensors"
    files.write_weights(path, trained.params, {"family": family, "sizes": sizes, "dim": 2})
    flow = flowcheck.load(path)

# The density is normalised, so KL(q || p) is the mean of log q - log p over draws of q.
for replicate in range(flow.replicates):
    x, log_q = flow.sample_and_log_prob(100_000, seed=3, replicate=replicate)
    gap = log_q - log_density(x)
    error = gap.std() / math.sqrt(len(gap))
    print(f"replicate {replicate}: KL(q || p) = {gap.mean():.5f} +- {error:.5f} nats")
