"""The problem set's autoencoder as one would write it first: modules, a DataLoader, a loop."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from bench import pictures


class Autoencoder(nn.Module):
    """pixels - hidden - (mean, log sigma) and latent - hidden - pixels."""

    def __init__(self, pixels: int, hidden: int, latent: int):
        super().__init__()
        self.encoder = nn.Linear(pixels, hidden)
        self.mean, self.log_sigma = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels)
        )

    def forward(self, x):
        hidden = torch.relu(self.encoder(x))
        mean, log_sigma = self.mean(hidden), self.log_sigma(hidden)
        z = mean + torch.exp(log_sigma) * torch.randn_like(mean)
        return self.decoder(z), mean, log_sigma


class Images(Dataset):
    """Each image becomes a float tensor when it is asked for, one by one."""

    def __init__(self, pixels, levels: int):
        self.pixels, self.levels = torch.from_numpy(pixels), levels

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        return (self.pixels[index].float() / self.levels,)


class Loop:
    """Trains from scratch in each run, so that every run ends after the same epochs."""

    def __init__(self, images: str, loader: str):
        found = pictures.training_set(images)
        pixels = found.pixels[found.split == "train"]
        if loader == "one by one":
            self.dataset = Images(pixels, found.levels)
        else:
            self.dataset = TensorDataset(torch.from_numpy(pixels).float() / found.levels)
        self.params = pictures.recipe(images)
        self.width = pixels.shape[1]

    def run(self, count: int) -> None:
        """`count` epochs from the start."""
        torch.manual_seed(0)
        recipe = self.params["recipe"]
        model = Autoencoder(self.width, self.params["hidden"], self.params["latent"])
        optimiser = torch.optim.Adam(
            model.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"]
        )
        loader = DataLoader(self.dataset, batch_size=recipe["batch"], shuffle=True, drop_last=True)
        for _ in range(count):
            values = []
            for (batch,) in loader:
                x = torch.bernoulli(batch)
                logits, mean, log_sigma = model(x)
                misfit = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
                kl = 0.5 * (mean**2 + torch.exp(2 * log_sigma) - 1 - 2 * log_sigma).sum()
                loss = (misfit + kl) / len(x)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                values.append(-loss.item())
        self.objective = sum(values) / len(values)

    def report(self) -> dict:
        """The last epoch's mean objective, in nats per image."""
        return {"objective, nats": self.objective}


def build(images: str, loader: str) -> Loop:
    """See contender.Runner."""
    return Loop(images, loader)
