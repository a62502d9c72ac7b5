"""Eight schools, centred: the same posterior in coordinates that are hard for a sampler."""

import torch
from torch.distributions import HalfCauchy, Normal


class Target:
    def __init__(self, data, scale=5.0):
        self.y, self.s, self.scale = torch.tensor(data["y"]), torch.tensor(data["s"]), scale
        self.parameters = {"mu": "real", "tau": "positive", "theta": ("real", len(self.y))}

    def log_density(self, mu, tau, theta):
        prior = Normal(0, self.scale).log_prob(mu) + HalfCauchy(self.scale).log_prob(tau)
        likelihood = Normal(theta, self.s).log_prob(self.y).sum()
        return prior + Normal(mu, tau).log_prob(theta).sum() + likelihood

    def describe(self):
        return "Eight schools, centred: effects theta_j ~ N(mu, tau), a funnel where tau is small."
