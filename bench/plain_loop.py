"""The problem set's own training loop, as one would write it first: one replicate, plain modules.

Every coupling has its own little networks, the scale's beside the shift's; the likelihood is
evaluated at each of the 100 observations; noise is drawn afresh in each iteration; Adam is torch's
default. It is the yardstick of what the other rows gain, so nothing in it is clever.
"""

import math

import torch
from torch import nn

from bench import problem


class Planar(nn.Module):
    """x = z + u_hat tanh(w.z + b), one layer."""

    def __init__(self, dim):
        super().__init__()
        self.w = nn.Parameter(torch.randn(dim))
        self.u = nn.Parameter(torch.randn(dim))
        self.b = nn.Parameter(torch.randn(1))

    def forward(self, z):
        wu = (self.w * self.u).sum()
        u_hat = self.u + (nn.functional.softplus(wu) - 1 - wu) * self.w / (self.w**2).sum()
        tanh = torch.tanh((z * self.w).sum(1) + self.b)
        slope = (1 - tanh**2)[:, None] * self.w
        log_det = torch.log(torch.abs(1 + (slope * u_hat).sum(1)))
        return z + u_hat * tanh[:, None], log_det


def network(n_in, n_out):
    """A perceptron n_in-32-32-n_out with rectifiers."""
    layers = []
    for width in problem.HIDDEN:
        layers += [nn.Linear(n_in, width), nn.ReLU()]
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))


class Additive(nn.Module):
    """NICE's block: each coordinate is shifted by a network of the other, then both are scaled."""

    def __init__(self):
        super().__init__()
        self.shift_right, self.shift_left = network(1, 1), network(1, 1)
        self.s = nn.Parameter(torch.randn(2))

    def forward(self, z):
        left, right = z[:, :1], z[:, 1:]
        right = right + self.shift_right(left)
        left = left + self.shift_left(right)
        log_det = torch.log(torch.abs(self.s)).sum() * torch.ones(len(z))
        return torch.cat([left, right], 1) * torch.abs(self.s), log_det


class Affine(nn.Module):
    """RealNVP's block: each coordinate is scaled and shifted by networks of the other."""

    def __init__(self):
        super().__init__()
        self.scale_right, self.shift_right = network(1, 1), network(1, 1)
        self.scale_left, self.shift_left = network(1, 1), network(1, 1)

    def forward(self, z):
        left, right = z[:, :1], z[:, 1:]
        log_scale_right = self.scale_right(left)
        right = right * torch.exp(log_scale_right) + self.shift_right(left)
        log_scale_left = self.scale_left(right)
        left = left * torch.exp(log_scale_left) + self.shift_left(right)
        log_det = (log_scale_right + log_scale_left).sum(1)
        return torch.cat([left, right], 1), log_det


def make_layers(flow: str) -> nn.ModuleList:
    """The layers of one of the three flows."""
    if flow == "planar":
        return nn.ModuleList(Planar(problem.DIM) for _ in range(problem.LAYERS))
    block = {"nice": Additive, "realnvp": Affine}[flow]
    return nn.ModuleList(block() for _ in range(problem.BLOCKS))


def log_normal(x, mean, sigma):
    """Log density of a normal distribution, element by element."""
    return -0.5 * ((x - mean) / sigma) ** 2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)


def log_joint(theta, y, sigma_y):
    """log p(y, theta), observation by observation; theta [S, 2], y [100] -> [S]."""
    mean = theta[:, 0] + theta[:, 1] ** 2
    log_likelihood = log_normal(y[None, :], mean[:, None], sigma_y).sum(1)
    return log_likelihood + log_normal(theta, 0.0, 1.0).sum(1)


class Loop:
    """The loop's state, so that it can be run on and on."""

    def __init__(self, flow: str, seed: int = 0):
        torch.manual_seed(seed)
        self.layers = make_layers(flow)
        self.optimiser = torch.optim.Adam(
            self.layers.parameters(), lr=problem.LEARNING_RATE, fused=False
        )
        self.y = torch.tensor(problem.observations(), dtype=torch.float32)
        self.sigma_y = problem.target().sigma_y

    def push(self, z):
        """z [S, 2] -> x and the log determinant [S]."""
        log_det = torch.zeros(len(z))
        for layer in self.layers:
            z, part = layer(z)
            log_det = log_det + part
        return z, log_det

    def elbo(self, z):
        """The estimate from one batch of base draws z [S, 2]."""
        x, log_det = self.push(z)
        log_q = log_normal(z, 0.0, 1.0).sum(1) - log_det
        return (log_joint(x, self.y, self.sigma_y) - log_q).mean()

    def run(self, count: int) -> None:
        """`count` iterations."""
        for _ in range(count):
            loss = -self.elbo(torch.randn(problem.SAMPLES, problem.DIM))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()

    def draws(self, count: int):
        """x [count, 2] and log q [count], for a test."""
        with torch.no_grad():
            z = torch.randn(count, problem.DIM)
            x, log_det = self.push(z)
            return x, log_normal(z, 0.0, 1.0).sum(1) - log_det


def build(flow: str) -> Loop:
    """See contender.Runner."""
    return Loop(flow)
