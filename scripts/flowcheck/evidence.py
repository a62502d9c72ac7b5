"""The evidence of a posterior, from its density and a chain of draws alone.

The chain is split: from the first half of each come the proposals, and the second half, which they
have not seen, is bridged to them. No flow of a study is involved, so that the truth stays what it
is whatever is compared with it.

1. A Gaussian with the first half's moments, bridged.
2. A flow fitted to the first half by maximum likelihood in that Gaussian's coordinates, bridged
   (Jia & Seljak, "Normalizing Constant Estimation with Gaussianized Bridge Sampling", 2020, arXiv
   1912.06073). This is the estimate.
3. Importance sampling from a mixture of that flow and of Gaussians fitted where the optimisation
   paths ended that are furthest from the chain. Both halves of a chain lack a mode that no chain
   has found, and 1 and 2 then agree on a wrong value; this one sees the mode if a path reaches it.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial.distance import cdist
from torch import Generator, Tensor

from flowcheck.bridge import NoOverlap, Normaliser, bridge, importance
from flowcheck.flows.base import Flow, Params
from flowcheck.flows.coupling import CouplingFlow
from flowcheck.flows.transformers import Affine
from flowcheck.gaussian import Gaussian, moment_gaussian, standard_normal_log_prob
from flowcheck.gaussian_fit import refine
from flowcheck.likelihood import fit_by_likelihood
from flowcheck.log_weights import log_densities
from flowcheck.pathfinder import NoPath, pathfinder
from flowcheck.seeds import seed_for

# The fitted flow: affine couplings of its own, so that no change of a study's flow moves the truth.
BLOCKS, HIDDEN, ACTIVATION, SCALE_BOUND = 4, [64, 64], "silu", 2.0
DRAWS = 20_000  # of each bridge's proposal
FLOW_SHARE = 0.8  # of the mixture; the Gaussians have the rest in equal parts
FAR_PATHS, REFINING_STEPS = 2, 1000
HELD_OUT = 10  # one draw of so many, from the flow's fit
NEAREST = 2000  # draws of the chains from which a path is far
# Two estimates agree within so many of their joint errors and so many nats: the errors are
# themselves estimates.
ERRORS, NATS = 4.0, 0.0005
BY_GAUSSIAN = "bridge to the Gaussian of half of each chain"
BY_FLOW = "bridge to a flow fitted to half of each chain"
BY_MIXTURE = "importance sampling from that flow and Gaussians of the furthest paths"


class Unusable(ValueError):
    """Draws from which nothing can be estimated."""


def estimate(posterior, theta: np.ndarray, seed: int) -> dict:
    """The evidence of a posterior from its draws theta [C, N, dim], unconstrained.

    posterior: has dim, init_scale, log_density and value_and_gradient. Returns estimates, a list
    of {"method", "value", "se"}; agree; log_evidence, log_evidence_se and method, those of the
    flow's bridge; and reason, which says what disagrees or why there is no estimate. Whether the
    chain deserves trust is for its verdict to say.
    """
    try:
        found = _estimates(posterior, np.asarray(theta, dtype=np.float64), seed)
    except (Unusable, NoOverlap, torch.linalg.LinAlgError) as error:
        return none(f"no evidence could be estimated from these draws: {error}")
    reason = disagreement(found)
    value = found[BY_FLOW]
    return {
        "log_evidence": value.value,
        "log_evidence_se": value.se,
        "method": BY_FLOW,
        "agree": reason is None,
        "reason": reason,
        "estimates": [
            {"method": method, "value": normaliser.value, "se": normaliser.se}
            for method, normaliser in found.items()
        ],
    }


def none(reason: str) -> dict:
    """The record where nothing was estimated."""
    return {
        "log_evidence": None,
        "log_evidence_se": None,
        "method": None,
        "agree": False,
        "reason": reason,
        "estimates": [],
    }


def disagreement(found: dict[str, Normaliser]) -> str | None:
    """What disagrees among the estimates by method, in words; None where nothing does."""
    value, gaussian, mixture = found[BY_FLOW], found[BY_GAUSSIAN], found.get(BY_MIXTURE)
    gap = gaussian.value - value.value
    allowed = _tolerance(value, gaussian)
    if abs(gap) > allowed:
        return (
            f"the two bridges differ by {gap:.2g} nats, more than the {allowed:.2g} that their "
            "errors allow: a longer run would show which is right"
        )
    if mixture and mixture.value - value.value > _tolerance(value, mixture):
        mass = -math.expm1(value.value - mixture.value)
        return (
            f"an optimisation path found mass that no chain visits, about {mass:.0%} of the whole: "
            "there are separate modes, and more draws do not help"
        )
    return None


def _tolerance(a: Normaliser, b: Normaliser) -> float:
    return ERRORS * math.hypot(a.se, b.se) + NATS


def _estimates(posterior, theta: np.ndarray, seed: int) -> dict[str, Normaliser]:
    """Each method's estimate, by its name."""
    generator = Generator().manual_seed(seed_for(seed, "evidence"))
    if not np.isfinite(theta).all():
        raise Unusable("some are not finite")
    chains = torch.from_numpy(theta)
    if posterior.dim == 1:
        # A coupling needs two dimensions: an independent standard normal leaves the evidence.
        posterior = _WithNormal(posterior)
        noise = torch.randn(chains.shape, generator=generator, dtype=torch.float64)
        chains = torch.cat([chains, noise], -1)
    half = chains.shape[1] // 2
    first, second = chains[:, :half], chains[:, half:]
    log_p = log_densities(posterior.log_density, second)
    gaussian = moment_gaussian(first.reshape(-1, posterior.dim))
    flow = _fit_flow(gaussian, first, generator)

    draws, log_q = flow.sample(DRAWS, generator)
    flow_log_p = log_densities(posterior.log_density, draws)
    by_flow = bridge(log_p - log_densities(flow.log_prob, second), flow_log_p - log_q)
    other = gaussian.sample(DRAWS, generator)
    by_gaussian = bridge(
        log_p - log_densities(gaussian.log_prob, second),
        log_densities(posterior.log_density, other) - log_densities(gaussian.log_prob, other),
    )
    found = {BY_GAUSSIAN: by_gaussian, BY_FLOW: by_flow}
    far = _far_gaussians(posterior, first, gaussian, generator, seed)
    if far:
        n = round(DRAWS * (1 - FLOW_SHARE) / FLOW_SHARE / len(far))
        extra = torch.cat([g.sample(n, generator) for g in far])
        log_q = np.concatenate([log_q, log_densities(flow.log_prob, extra)])
        log_p = np.concatenate([flow_log_p, log_densities(posterior.log_density, extra)])
        everywhere = torch.cat([draws, extra])
        parts = [math.log(FLOW_SHARE) + log_q]
        for g in far:
            share = math.log((1 - FLOW_SHARE) / len(far))
            parts.append(share + log_densities(g.log_prob, everywhere))
        # Each part drawn in its exact share: no worse than drawing the part at random.
        found[BY_MIXTURE] = importance(log_p - np.logaddexp.reduce(parts))
    return found


class _FittedFlow(NamedTuple):
    """A flow in a Gaussian's coordinates."""

    gaussian: Gaussian
    flow: Flow
    params: Params

    def sample(self, n: int, generator: Generator) -> tuple[Tensor, np.ndarray]:
        """Draws [n, dim] and their log density [n]."""
        z = torch.randn(n, self.flow.dim, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            x, log_det = self.flow.forward(self.params, z)
        log_q = standard_normal_log_prob(z) - log_det - self.gaussian.log_det()
        return self.gaussian.place(x), log_q.numpy()

    def log_prob(self, theta: Tensor) -> Tensor:
        """theta [n, dim] -> [n]."""
        x = self.gaussian.whiten(theta)
        return self.flow.log_prob(self.params, x) - self.gaussian.log_det()


def _fit_flow(gaussian: Gaussian, chains: Tensor, generator: Generator) -> _FittedFlow:
    """Fitted to chains [C, N, dim], the last tenth of each held out."""
    dim = chains.shape[-1]
    x = gaussian.whiten(chains)
    kept = chains.shape[1] - math.ceil(chains.shape[1] / HELD_OUT)
    if kept < 1:
        raise Unusable(f"{2 * chains.shape[1]} draws per chain are too few to halve")
    flow = CouplingFlow(dim, BLOCKS, HIDDEN, ACTIVATION, Affine(SCALE_BOUND))
    params = fit_by_likelihood(
        flow, x[:, :kept].reshape(-1, dim), x[:, kept:].reshape(-1, dim), generator
    )
    return _FittedFlow(gaussian, flow, params)


def _far_gaussians(
    posterior, chains: Tensor, gaussian: Gaussian, generator: Generator, seed: int
) -> list[Gaussian]:
    """Gaussians fitted from the paths that are furthest from the chains and from each other.

    Distances are from the nearest of 2,000 draws in the chains' Gaussian coordinates.
    """
    try:
        paths = pathfinder(posterior, seed_for(seed, "evidence", "pathfinder"))
    except NoPath:
        return []
    rows = chains.reshape(-1, posterior.dim)
    near = gaussian.whiten(rows[:: max(1, len(rows) // NEAREST)]).numpy()
    places = gaussian.whiten(torch.stack([path.gaussian.loc for path in paths])).numpy()
    chosen = []
    for _ in range(min(FAR_PATHS, len(paths))):
        chosen.append(int(cdist(places, near).min(1).argmax()))
        near = np.concatenate([near, places[chosen[-1:]]])
    starts = [paths[i].gaussian for i in chosen]
    return refine(posterior, starts, generator, REFINING_STEPS)


class _WithNormal:
    """A one-dimensional posterior with an independent standard normal: the same evidence."""

    dim = 2

    def __init__(self, posterior):
        self.posterior, self.init_scale = posterior, posterior.init_scale

    def log_density(self, u: Tensor) -> Tensor:
        """u [..., 2] -> [...]."""
        return self.posterior.log_density(u[..., :1]) + standard_normal_log_prob(u[..., 1:])

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The log density [...] and its gradient [..., 2]."""
        value, gradient = self.posterior.value_and_gradient(u[..., :1])
        other = u[..., 1:].detach()
        return value + standard_normal_log_prob(other), torch.cat([gradient, -other], -1)
