"""Files of approximations, right ones: a Gaussian on R^d for eight schools, in either space."""

import numpy as np
import torch

from flowcheck.targets import make_target

N = 3000


def schools():
    """The posterior mu, tau > 0, e [8]."""
    return make_target("eight_schools", {}, {})


def right(space: str, n: int = N, seed: int = 0) -> dict[str, np.ndarray]:
    """Draws by name with log_q, log_p and, for tests, `terms` of log_q [n, dim]."""
    target = schools()
    loc, sd = torch.zeros(10).double(), torch.full((10,), 0.9).double()
    loc[0], loc[1], sd[0] = 4.0, 1.0, 3.0
    noise = torch.randn(n, 10, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    u = loc + sd * noise
    terms = torch.distributions.Normal(loc, sd).log_prob(u)
    jacobian = target.log_jacobian(u) if space == "constrained" else torch.zeros(n).double()
    if space == "constrained":
        named = {name: value.numpy() for name, value in target.constrain(u).items()}
    else:
        named = {"mu": u[:, 0].numpy(), "tau": u[:, 1].numpy(), "e": u[:, 2:].numpy()}
    logs = {"log_q": terms.sum(1) - jacobian, "log_p": target.log_density(u) - jacobian}
    return named | {name: value.numpy() for name, value in logs.items()}


def terms(n: int = N) -> np.ndarray:
    """Some term of log_q for each coordinate, [n, dim]."""
    return np.random.default_rng(0).normal(size=(n, 10))
