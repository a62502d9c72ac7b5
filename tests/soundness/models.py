"""Posteriors whose parameters and data can both be drawn: one chain for each data set.

The densities are those of the library's targets, given the statistics of many data sets at once:
chain c of a batch [C, dim] sees data set c.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from flowcheck.hmc import autograd_gradient
from flowcheck.targets import banana, logistic

Quantities = dict[str, Tensor]


class Banana:
    """y_i ~ N(theta1 + theta2^2, sigma_y^2), i = 1, ..., n, of which only the mean counts.

    Five data leave the posterior wide and curved. Where their mean is large it has two modes,
    theta2 and -theta2, which a chain seldom changes: what is compared is even in theta2.
    """

    dim, n = 2, 5

    def __init__(self, sigma_y: float = 2.0, assumed: float | None = None):
        self.sigma_y = sigma_y
        self.target = banana.Target({"y": np.arange(self.n)}, assumed or sigma_y, 1.0)

    def parameters(self, count: int, generator: torch.Generator) -> Tensor:
        """theta [C, dim] from the prior."""
        return torch.randn(count, self.dim, generator=generator, dtype=torch.float64)

    def data(self, theta: Tensor, generator: torch.Generator) -> Tensor:
        """The mean of a data set drawn for each theta: [C]."""
        noise = torch.randn(len(theta), generator=generator, dtype=torch.float64)
        return theta[:, 0] + theta[:, 1].square() + self.sigma_y / self.n**0.5 * noise

    def density(self, data: Tensor) -> tuple[Callable, Callable]:
        """The log density [C, dim] -> [C] given the data, up to constants, and its gradient."""
        _, precision, shrink, _ = self.target._numbers.unbind()
        columns = [data, *(value.expand_as(data) for value in (precision, shrink, shrink))]
        self.target._numbers = torch.stack(columns)
        return self.target.relative_log_density, self.target.gradient

    def quantities(self, theta: Tensor) -> Quantities:
        """What is compared, [...] each, of theta [..., dim]."""
        one, two = theta.unbind(-1)
        return {"theta1": one, "|theta2|": two.abs(), "theta1 + theta2^2": one + two.square()}


class Logistic:
    """Logistic regression of 40 data on two correlated columns and an intercept."""

    dim, n = 3, 40

    def __init__(self, scale: float = 1.0, assumed: float | None = None):
        rng = np.random.default_rng(0)
        first = rng.standard_normal(self.n)
        x = np.stack([first, 0.8 * first + 0.6 * rng.standard_normal(self.n)], axis=1)
        self.scale = scale
        self.model = logistic.Target({"x": x, "y": np.zeros(self.n)}, assumed or scale)

    def parameters(self, count: int, generator: torch.Generator) -> Tensor:
        """Intercept and slopes [C, dim] from the prior."""
        return self.scale * torch.randn(count, self.dim, generator=generator, dtype=torch.float64)

    def data(self, theta: Tensor, generator: torch.Generator) -> Tensor:
        """y [C, n], zeros and ones."""
        chance = torch.sigmoid(theta[:, :1] + theta[:, 1:] @ self.model.x.T)
        return (torch.rand(chance.shape, generator=generator, dtype=chance.dtype) < chance).double()

    def density(self, data: Tensor) -> tuple[Callable, Callable]:
        """See `Banana.density`."""
        self.model.sign = 1 - 2 * data

        def log_density(theta):
            return self.model.log_density(theta[..., 0], theta[..., 1:])

        return log_density, autograd_gradient(log_density)

    def quantities(self, theta: Tensor) -> Quantities:
        """See `Banana.quantities`."""
        intercept, first, second = theta.unbind(-1)
        return {"intercept": intercept, "slope 1": first, "sum of slopes": first + second}
