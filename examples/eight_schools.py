"""Eight schools, non-centred. It shows a parameter whose shape depends on the data."""

import torch
from torch.distributions import HalfCauchy, Normal


class Target:
    def __init__(self, data, scale=5.0):
        self.y, self.s, self.scale = torch.tensor(data["y"]), torch.tensor(data["s"]), scale
        self.parameters = {"mu": "real", "tau": "positive", "e": ("real", len(self.y))}

    def log_density(self, mu, tau, e):
        prior = Normal(0, self.scale).log_prob(mu) + HalfCauchy(self.scale).log_prob(tau)
        likelihood = Normal(mu + tau * e, self.s).log_prob(self.y).sum()
        return prior + Normal(0, 1).log_prob(e).sum() + likelihood

    def describe(self):
        return "Eight schools, non-centred: effects mu + tau e_j with e_j standard normal."
