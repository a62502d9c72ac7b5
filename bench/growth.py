"""What grows, and by what: one builder per study, each at one size."""

import torch
from torch import Tensor

from bench import problem
from bench.our_hmc import Ours as Chains
from bench.ours import Training
from flowcheck import training, vae_training
from flowcheck.flows import make_flow
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.vae import VAE

CHAIN_DRAWS = 5
PIXELS = 784


class Gaussian:
    """N(1, I / 4) in any dimension, unnormalised: what there is to learn costs next to nothing."""

    @staticmethod
    def log_density(theta: Tensor) -> Tensor:
        """[..., dim] -> [...]."""
        return standard_normal_log_prob(2 * (theta - 1))


def flow(
    compiled: bool, replicates: int = 1, draws: int = problem.SAMPLES, dimension: int = problem.DIM
) -> Training:
    """The default RealNVP with one of its sizes changed."""
    params = problem.ours("realnvp", "default")
    model = make_flow("realnvp", dimension, params["sizes"])
    recipe = training.Recipe(**(params["recipe"] | {"samples": draws}))
    target = problem.target() if dimension == problem.DIM else Gaussian()
    runner = Training(model, target, recipe, replicates, compiled)
    # Steps that are long are timed a few at a time.
    runner.chunk = max(1, min(runner.chunk, 20_000 // (replicates * draws)))
    return runner


class Epoch:
    """Epochs on random pixels: what they cost does not depend on what they show."""

    chunk = 1

    def __init__(self, images: int):
        self.sizes = problem.autoencoder("course")
        own = self.sizes["recipe"] | {"batch": 1000, "epochs": 1, "redraw": True}
        self.recipe = vae_training.Recipe(**own)
        self.x = torch.rand(images, PIXELS, generator=torch.Generator().manual_seed(0))

    def run(self, count: int) -> None:
        """`count` epochs, each of a new model."""
        for _ in range(count):
            model = VAE(PIXELS, self.sizes["hidden"], self.sizes["latent"])
            vae_training.train(model, self.x, self.recipe, seed=0)


def build(study: str, size: int, compiled: bool):
    """See contender.Runner."""
    if study == "chains":
        return Chains(size, CHAIN_DRAWS, "analytic")
    if study == "images":
        return Epoch(size)
    return flow(compiled, **{study: size})
