"""flowcheck's autoencoder under the problem set's recipe, the images in memory."""

import torch

from bench import pictures
from flowcheck import vae_training
from flowcheck.vae import VAE


class Ours:
    """Trains from scratch in each run, so that every run ends after the same epochs."""

    def __init__(self, images: str):
        found = pictures.training_set(images)
        self.x = torch.from_numpy(found.intensity[found.split == "train"])
        self.params = pictures.recipe(images)

    def run(self, count: int) -> None:
        """`count` epochs from the start."""
        settings = self.params["recipe"] | {"epochs": count, "redraw": True}
        model = VAE(self.x.shape[1], self.params["hidden"], self.params["latent"])
        self.history = vae_training.train(model, self.x, vae_training.Recipe(**settings), seed=0)

    def report(self) -> dict:
        """The last epoch's mean objective, in nats per image."""
        return {"objective, nats": self.history[-1]}


def build(images: str) -> Ours:
    """See contender.Runner."""
    return Ours(images)
