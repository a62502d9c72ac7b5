"""Linear regression with weakly informative priors; regression.yaml runs it."""

import torch
from torch.distributions import HalfNormal, Normal


class Target:
    parameters = {"alpha": "real", "beta": ("real", 2), "sigma": "positive"}

    def __init__(self, data, scale=2.5):
        self.x = torch.tensor(data["x"])
        self.y, self.scale = torch.tensor(data["y"]), scale

    def log_density(self, alpha, beta, sigma):
        prior = Normal(0, self.scale).log_prob(alpha) + Normal(0, self.scale).log_prob(beta).sum()
        mean = alpha + self.x @ beta
        return prior + HalfNormal(1).log_prob(sigma) + Normal(mean, sigma).log_prob(self.y).sum()
