"""Posteriors of several kinds, their log densities batched on R^dim, and their exact moments.

In most of them everything but one or two scales is Gaussian given those scales, so means and
standard deviations are sums over a grid of log scales: no sampling, and no code of the library's.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes
from torch import Tensor

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Example:
    """log_density: [..., dim] -> [...]; mean, sd: [dim], None where unknown."""

    dim: int
    log_density: Callable[[Tensor], Tensor]
    mean: np.ndarray | None = None
    sd: np.ndarray | None = None

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The log density [...] and its gradient [..., dim], in one pass."""
        u = u.detach().requires_grad_()
        value = self.log_density(u)
        return value.detach(), torch.autograd.grad(value.sum(), u)[0]


def tensor(values) -> Tensor:
    """float64."""
    return torch.as_tensor(np.asarray(values), dtype=torch.float64)


def log_normal(x: Tensor, mean=0.0, sd=1.0) -> Tensor:
    """Elementwise log N(x; mean, sd)."""
    sd = torch.as_tensor(sd, dtype=torch.float64)
    return -0.5 * ((x - mean) / sd).square() - sd.log() - 0.5 * LOG_2PI


def log_half_cauchy(log_scale: Tensor, width: float) -> Tensor:
    """The density of a half-Cauchy scale in its logarithm, Jacobian included."""
    ratio = torch.exp(log_scale) / width
    return math.log(2 / (math.pi * width)) - torch.log1p(ratio.square()) + log_scale


def given_scales(grid: np.ndarray, log_prior: Callable, design: Callable, y: np.ndarray):
    """Means and sds of (log scales, b) for y ~ N(X b, noise) and b ~ N(0, prior) given the scales.

    grid: [n, scales], evenly spaced; log_prior(s) with the Jacobian; design(s) -> X [m, p],
    noise [m] and prior [p] variances.
    """
    logs, means, squares = [], [], []
    for s in grid:
        matrix, noise, prior = design(s)
        precision = matrix.T @ (matrix / noise[:, None]) + np.diag(1 / prior)
        covariance = np.linalg.inv(precision)
        mean = covariance @ (matrix.T @ (y / noise))
        quadratic = (y**2 / noise).sum() - mean @ precision @ mean
        determinants = np.log(noise).sum() + np.log(prior).sum() + np.linalg.slogdet(precision)[1]
        logs.append(log_prior(s) - 0.5 * (quadratic + determinants))
        means.append(np.concatenate([s, mean]))
        squares.append(np.concatenate([s**2, np.diag(covariance) + mean**2]))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    assert weights[[0, -1]].max() < 1e-7  # the grid is wide enough
    mean, square = weights @ np.array(means), weights @ np.array(squares)
    return mean, np.sqrt(square - mean**2)


SCHOOLS_Y = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SCHOOLS_SD = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def _cauchy_prior(s: np.ndarray, width: float) -> float:
    return float((-np.log1p((np.exp(s) / width) ** 2) + s).sum())


def eight_schools() -> Example:
    """Non-centred: log tau, mu, and eight standard effects."""
    y, sd = tensor(SCHOOLS_Y), tensor(SCHOOLS_SD)

    def log_density(u):
        log_tau, mu, effects = u[..., 0], u[..., 1], u[..., 2:]
        expected = mu.unsqueeze(-1) + log_tau.exp().unsqueeze(-1) * effects
        likelihood = log_normal(y, expected, sd).sum(-1) + log_normal(effects).sum(-1)
        return likelihood + log_normal(mu, 0.0, 5.0) + log_half_cauchy(log_tau, 5.0)

    def design(s):
        matrix = np.column_stack([np.ones(8), np.exp(s[0]) * np.eye(8)])
        return matrix, SCHOOLS_SD**2, np.concatenate([[25.0], np.ones(8)])

    grid = np.linspace(-22, 12, 3401)[:, None]
    truth = given_scales(grid, lambda s: _cauchy_prior(s, 5.0), design, SCHOOLS_Y)
    return Example(10, log_density, *truth)


def centred_schools() -> Example:
    """The same with the schools' own means as parameters: a funnel."""
    y, sd = tensor(SCHOOLS_Y), tensor(SCHOOLS_SD)

    def log_density(u):
        log_tau, mu, means = u[..., 0], u[..., 1], u[..., 2:]
        effects = log_normal(means, mu.unsqueeze(-1), log_tau.exp().unsqueeze(-1)).sum(-1)
        prior = log_normal(mu, 0.0, 5.0) + log_half_cauchy(log_tau, 5.0)
        return log_normal(y, means, sd).sum(-1) + effects + prior

    return Example(10, log_density)


def radon_like() -> Example:
    """Varying intercepts, 44 dimensions: log scales of groups and noise, mean, slope, 40 groups."""
    rng = np.random.default_rng(3)
    group = np.sort(rng.integers(0, 40, 400))
    floor = rng.integers(0, 2, 400).astype(float)
    y = 1.3 - 0.7 * floor + 0.35 * rng.standard_normal(40)[group] + 0.75 * rng.standard_normal(400)
    target, at, slopes = tensor(y), torch.as_tensor(group), tensor(floor)

    def log_density(u):
        log_group, log_noise, mean, slope = (u[..., i].unsqueeze(-1) for i in range(4))
        effects = u[..., 4:]
        expected = mean + slope * slopes + log_group.exp() * effects[..., at]
        scales = log_normal(log_group.exp()) + log_group + log_normal(log_noise.exp()) + log_noise
        prior = scales + log_normal(mean, 0.0, 5.0) + log_normal(slope, 0.0, 5.0)
        likelihood = log_normal(target, expected, log_noise.exp()).sum(-1)
        return likelihood + prior.squeeze(-1) + log_normal(effects).sum(-1)

    indicator = np.eye(40)[group]

    def design(s):
        matrix = np.column_stack([np.ones(400), floor, np.exp(s[0]) * indicator])
        return matrix, np.full(400, np.exp(2 * s[1])), np.concatenate([[25, 25], np.ones(40)])

    grid = np.stack(np.meshgrid(np.linspace(-12, 1, 131), np.linspace(-0.6, 0.1, 36)), -1)
    log_prior = lambda s: float((-0.5 * np.exp(2 * s) + s).sum())  # noqa: E731
    return Example(44, log_density, *given_scales(grid.reshape(-1, 2), log_prior, design, y))


def linear_model(matrix: np.ndarray, y: np.ndarray, width: float) -> Example:
    """y ~ N(X b, sigma), b ~ N(0, width), sigma half-Cauchy(1): log sigma, then b."""
    design_matrix, target = tensor(matrix), tensor(y)

    def log_density(u):
        log_sigma, b = u[..., 0], u[..., 1:]
        likelihood = log_normal(target, b @ design_matrix.T, log_sigma.exp().unsqueeze(-1)).sum(-1)
        return likelihood + log_normal(b, 0.0, width).sum(-1) + log_half_cauchy(log_sigma, 1.0)

    def design(s):
        prior = np.full(matrix.shape[1], width**2)
        return matrix, np.full(len(y), np.exp(2 * s[0])), prior

    residual = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
    centre = math.log(residual.std())
    grid = np.linspace(centre - 0.6, centre + 0.6, 1201)[:, None]
    truth = given_scales(grid, lambda s: _cauchy_prior(s, 1.0), design, y)
    return Example(1 + matrix.shape[1], log_density, *truth)


def regression() -> Example:
    """Scikit-learn's diabetes data, 12 dimensions; correlations of its columns reach 0.9."""
    columns, y = load_diabetes(return_X_y=True)
    columns = (columns - columns.mean(0)) / columns.std(0)
    matrix = np.column_stack([np.ones(len(y)), columns])
    return linear_model(matrix, (y - y.mean()) / y.std(), 1.0)


def autoregression() -> Example:
    """AR(5) with an intercept, 7 dimensions."""
    rng = np.random.default_rng(5)
    series = [0.0] * 5
    for _ in range(200):
        lags = series[-1:-6:-1]
        series.append(0.3 + np.dot([0.5, 0.2, 0.1, -0.1, 0.05], lags) + 0.5 * rng.standard_normal())
    series = np.array(series[5:])
    lags = [series[5 - k : len(series) - k] for k in range(1, 6)]
    return linear_model(np.column_stack([np.ones(195), *lags]), series[5:], 10.0)


def gaussian(dim: int = 50) -> Example:
    """AR(1) correlations of 0.9, standard deviations from 0.1 to 10."""
    sd = np.logspace(-1, 1, dim)
    correlation = 0.9 ** np.abs(np.subtract.outer(np.arange(dim), np.arange(dim)))
    precision = tensor(np.linalg.inv(sd[:, None] * correlation * sd))
    mean = np.linspace(-3, 3, dim)
    centre = tensor(mean)

    def log_density(u):
        return -0.5 * (((u - centre) @ precision) * (u - centre)).sum(-1)

    return Example(dim, log_density, mean, sd)


def logistic() -> Example:
    """Scikit-learn's breast cancer data, 31 dimensions; its moments have no closed form."""
    columns, labels = load_breast_cancer(return_X_y=True)
    columns = (columns - columns.mean(0)) / columns.std(0)
    matrix, y = tensor(np.column_stack([np.ones(len(labels)), columns])), tensor(labels)

    def log_density(u):
        logits = u @ matrix.T
        likelihood = (y * logits - torch.nn.functional.softplus(logits)).sum(-1)
        return likelihood + log_normal(u).sum(-1)

    return Example(31, log_density)


def funnel() -> Example:
    """Neal's funnel, 10 dimensions."""

    def log_density(u):
        v, x = u[..., 0], u[..., 1:]
        return log_normal(v, 0.0, 3.0) + log_normal(x, 0.0, (v / 2).exp().unsqueeze(-1)).sum(-1)

    return Example(10, log_density)


def mixture() -> Example:
    """Two unit Gaussians 8 standard deviations apart, weights 0.3 and 0.7."""

    def log_density(u):
        left = log_normal(u + tensor([4.0, 0.0])).sum(-1) + math.log(0.3)
        right = log_normal(u - tensor([4.0, 0.0])).sum(-1) + math.log(0.7)
        return torch.logaddexp(left, right)

    return Example(2, log_density)


def two_moons() -> Example:
    """Two thin arcs that face each other, far apart."""

    def log_density(u):
        x, y = u[..., 0], u[..., 1]
        radius = (-0.5 * ((u.norm(dim=-1) - 2.0) / 0.2).square()).unsqueeze(-1)
        arcs = torch.stack(
            [-0.5 * ((x - 2.0) / 0.3).square(), -0.5 * ((x + 2.0) / 0.3).square()], -1
        )
        return (radius + arcs).logsumexp(-1) - 0.01 * y.square()

    return Example(2, log_density)


PASS = {
    "eight schools": eight_schools,
    "logistic": logistic,
    "radon-like": radon_like,
    "Gaussian": gaussian,
    "regression": regression,
    "AR(5)": autoregression,
}
FAIL = {
    "centred schools": centred_schools,
    "funnel": funnel,
    "mixture": mixture,
    "two moons": two_moons,
}


@cache
def example(name: str) -> Example:
    """One of them by name, made once."""
    return (PASS | FAIL)[name]()
