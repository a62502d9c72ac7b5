"""What the steps that measure an approximation share: the truth's draws, and a row of the table."""

from typing import NamedTuple

import numpy as np
import torch
from flowcheck import divergence, files, intact, weights
from flowcheck.distances import REPEATED, classifier_accuracy, repeated, sliced_w2
from flowcheck.divergence import Estimate
from flowcheck.log_weights import log_densities
from flowcheck.seeds import seed_for

# In more dimensions than this, nearest neighbours say nothing.
NEIGHBOUR_DIM = 5
# Draws of each side in a sliced distance, and chains that independent draws are dealt to, so that
# one estimator of errors serves both.
SLICED_DRAWS, DEALT = 5000, 4
# Pairs of samples of the truth behind the floor of each distance between samples, and draws of each
# side that a classifier is shown.
FLOORS, CLASSIFIED = 5, 2000
COLUMNS = [
    "target", "flow", "replicate", "elbo", "elbo_se", "kl", "kl_se", "kl_forward",
    "kl_forward_se", "kl_knn", "pareto_k", "skipped_steps", "kl_mc", "kl_mc_se", "kl_forward_mc",
    "kl_forward_mc_se", "kl_shape", "kl_unseen", "eubo", "eubo_se", "tv", "c2st_best",
    "sliced_w2", "grade",
]  # fmt: skip


def read_draws(path: str, dim: int, replicates: int | None = None) -> dict[str, np.ndarray]:
    """theta [R, n, dim] and log_q [R, n] of an approximation, of which that many replicates."""
    draws = files.read_arrays(path)
    intact.require_shapes(path, {"theta": draws["theta"]}, {"theta": (replicates, None, dim)})
    return draws


def read_exact_draws(path: str, dim: int) -> np.ndarray:
    """A target's exact draws [n, dim]; n is 0 where there are none."""
    theta = files.read_arrays(path)["theta"]
    intact.require_shapes(path, {"theta": theta}, {"theta": (None, dim)})
    return theta


class Reference(NamedTuple):
    """The truth of one target, as approximations are measured against it.

    theta [C, N, dim], unconstrained, and log_p [C, N], the unnormalised log density there: None
    where no draws can be trusted.
    """

    grade: str
    evidence: Estimate | None
    theta: np.ndarray | None
    log_p: np.ndarray | None

    @classmethod
    def read(cls, snakemake, posterior) -> "Reference":
        """From the step's inputs truth, exact_draws and chains."""
        truth = files.read_json(snakemake.input.truth)
        evidence = None
        if truth["log_evidence"] is not None:
            evidence = Estimate(truth["log_evidence"], truth["log_evidence_se"])
        theta = None
        if truth["draws"] == "exact":
            exact = read_exact_draws(snakemake.input.exact_draws, posterior.dim)
            if not len(exact):
                raise intact.Unusable(snakemake.input.exact_draws, "holds no draws")
            theta = exact[: len(exact) // DEALT * DEALT].reshape(DEALT, -1, posterior.dim)
        elif truth["draws"] == "hmc":
            theta = files.read_theta(snakemake.input.chains, posterior.dim)
        log_p = None
        if theta is not None:
            log_p = log_densities(posterior.log_density, torch.from_numpy(theta))
        return cls(truth["grade"], evidence, theta, log_p)

    def evenly(self, n: int) -> np.ndarray:
        """At most n of its draws, [n, dim]."""
        return divergence.evenly(self.theta.reshape(-1, self.theta.shape[-1]), n)


def measured_row(
    name: str,
    draws: np.ndarray,
    log_w: np.ndarray | None,
    chain_log_w: np.ndarray | None,
    reference: Reference,
    params,
) -> tuple[dict, float]:
    """The columns of divergence.csv of one replicate, but for its name and skipped steps; and the
    share of the posterior's mass that it never visits, 0 if none was found. Warns of the latter.

    name: of the replicate, for warnings; draws [n, dim]; log_w [n] and chain_log_w as in
    `weights.measure`; None where unknown.
    """
    row = dict.fromkeys(COLUMNS[3:], float("nan")) | {"grade": reference.grade}
    misses = 0.0
    if log_w is not None:
        found = weights.measure(log_w, reference.evidence, chain_log_w)
        row |= _from_weights(found)
        misses = 0.0 if np.isnan(found.missing_mass) else found.missing_mass
    if misses:
        print(f"WARNING: {name}: q misses part of p, {misses:.2%} of the mass")
    if not np.isfinite(draws).all():
        print("WARNING: draws that are not finite: no distance between samples")
    elif reference.theta is not None:
        row |= _from_draws(draws, reference, params)
    return row, misses


def _from_weights(found: weights.Measured) -> dict:
    return {
        "elbo": found.elbo.value,
        "elbo_se": found.elbo.se,
        "kl": found.kl.value,
        "kl_se": found.kl.se,
        "kl_forward": found.kl_forward.value,
        "kl_forward_se": found.kl_forward.se,
        "pareto_k": found.pareto_k,
        "kl_mc": found.kl.value,
        "kl_mc_se": found.kl.se,
        "kl_forward_mc": found.kl_forward.value,
        "kl_forward_mc_se": found.kl_forward.se,
        "kl_shape": found.shape.value,
        "kl_unseen": found.unseen.value,
        "eubo": found.eubo.value,
        "eubo_se": found.eubo.se,
        "tv": found.tv.value,
        "c2st_best": 0.5 + 0.5 * found.tv.value,
    }


def _from_draws(draws: np.ndarray, reference: Reference, params) -> dict:
    row = {}
    if _has_neighbours(draws):
        others = reference.evenly(params.knn_draws)
        own = draws[: params.knn_draws]
        row["kl_knn"] = divergence.knn_divergence(own, others, params.neighbours)
    others = reference.evenly(2 * SLICED_DRAWS)
    rng = np.random.default_rng(seed_for(params.seed, params.target, "sliced"))
    row["sliced_w2"] = sliced_w2(
        draws[:SLICED_DRAWS], others[::2], np.maximum(others.std(0), 1e-300), rng
    )
    return row


def _has_neighbours(draws: np.ndarray) -> bool:
    """Whether the nearest neighbours of draws [n, dim] say something of their density."""
    return draws.shape[1] <= NEIGHBOUR_DIM and repeated(draws) < REPEATED


def sample_distances(draws: np.ndarray, reference: Reference, params) -> dict:
    """Distances between draws [n, dim] and the truth's, each with its floor: what it reads between
    two samples of the truth, of the same sizes.

    {name: {"value", "floor_mean", "floor_sd"}}, names: sliced_w2, c2st (a trained classifier's
    accuracy), and kl_knn where it is known.
    """
    rng = np.random.default_rng(seed_for(params.seed, params.target, params.flow, "floors"))
    truth = reference.theta.reshape(-1, draws.shape[1])
    n = min(len(draws), SLICED_DRAWS, len(truth) // 2)
    read = {}
    for repeat in range(FLOORS + 1):
        shuffled = rng.permutation(truth)
        # The first pair is the approximation's own, the others are two samples of the truth.
        own = draws[:n] if repeat == 0 else shuffled[:n]
        for name, value in _distances(own, shuffled[n:], rng, params).items():
            read.setdefault(name, []).append(value)
    return {
        name: {
            "value": values[0],
            "floor_mean": float(np.mean(values[1:])),
            "floor_sd": float(np.std(values[1:], ddof=1)),
        }
        for name, values in read.items()
    }


def _distances(draws: np.ndarray, truth: np.ndarray, rng, params) -> dict:
    scale = np.maximum(truth.std(0), 1e-300)
    found = {
        "sliced_w2": sliced_w2(draws, truth[:SLICED_DRAWS], scale, rng),
        "c2st": classifier_accuracy(draws[:CLASSIFIED], truth[:CLASSIFIED], params.seed),
    }
    if _has_neighbours(draws):
        found["kl_knn"] = divergence.knn_divergence(
            draws, truth[: params.knn_draws], params.neighbours
        )
    return found
