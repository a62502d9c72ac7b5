"""Markov kernels on a finite state space, as exact transition matrices, and how fast they forget.

A density restricted to a lattice is a probability vector p [M]; a kernel is a matrix T [M, M] with
T[i, j] the probability of going from state i to state j. Then q_t = q_{t-1} T is exact, and so is
KL(q_t|p), which no kernel that keeps p can raise: the chain rule for the law of two successive
states (Cover & Thomas, "Elements of Information Theory", 2006, section 4.4).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Where KL has no more digits: p T = p only to rounding, 1e-16 an entry, and a slow kernel gathers
# the errors of hundreds of steps, whose square this is.
FLOOR = 1e-26
# Relative deviations below this go by a series, of which five terms have an error of 1e-16.
SERIES_BELOW = 1e-3


class Lattice(NamedTuple):
    """States kept of a lattice: x [M, d]; index [M, d], integer, x = origin + spacing * index.

    p [M]: the density's values at x, summing to 1.
    """

    x: np.ndarray
    index: np.ndarray
    p: np.ndarray


def lattice(
    log_density: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
    half_width: np.ndarray,
    points: int,
    nats: float,
) -> Lattice:
    """The states of a box, `points` along each axis, within `nats` of the highest log density.

    log_density: x [M, d] -> [M]; centre, half_width: [d], of the box. The rest of the box, of
    negligible mass, is left out: its probabilities would underflow. The box is symmetric about its
    centre to the last bit.
    """
    steps = np.arange(points) - (points - 1) / 2
    mesh = np.meshgrid(*[np.arange(points)] * len(centre), indexing="ij")
    index = np.stack([axis.ravel() for axis in mesh], axis=-1)
    x = centre + half_width * steps[index] / steps[-1]
    log_p = log_density(x)
    kept = log_p > log_p.max() - nats
    p = np.exp(log_p[kept] - log_p[kept].max())
    return Lattice(x[kept], index[kept], p / p.sum())


def metropolis(proposal: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Metropolis and Hastings' kernel: off the diagonal Q_ij min(1, p_j Q_ji / (p_i Q_ij)).

    proposal: Q [M, M], rows summing to at most 1; what is missing proposes a state outside, of
    probability zero. What is rejected stays.
    """
    flow = p[:, None] * proposal
    kernel = np.minimum(flow, flow.T) / p[:, None]
    np.fill_diagonal(kernel, 0.0)
    np.fill_diagonal(kernel, 1.0 - kernel.sum(axis=1))
    return kernel


def step_proposal(states: Lattice, weight: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Q_ij proportional to weight(squared distance of i and j in lattice steps), symmetric.

    The normaliser is the sum over all steps of at most M along each axis but the one of length
    zero, M the largest index of a state along any axis: the same for every state, and no less than
    what any state proposes. Staying put is not proposed.
    """
    reach = np.arange(-states.index.max(), states.index.max() + 1)
    axes = np.meshgrid(*[reach] * states.index.shape[1])
    everywhere = sum(axis**2 for axis in axes).ravel()
    total = weight(everywhere[everywhere > 0]).sum()
    between = states.index[:, None, :] - states.index[None, :, :]
    squared = np.square(between).sum(-1)
    return np.where(squared > 0, weight(squared) / total, 0.0)


def random_walk(states: Lattice, scale: float) -> np.ndarray:
    """Metropolis with a Gaussian step of standard deviation `scale` lattice steps."""
    gaussian = step_proposal(states, lambda squared: np.exp(-0.5 * squared / scale**2))
    return metropolis(gaussian, states.p)


def long_range(states: Lattice, scale: float) -> np.ndarray:
    """Metropolis with a Cauchy step, (1 + r^2 / scale^2)^-(d + 1)/2: most are short, some far."""
    power = -0.5 * (states.index.shape[1] + 1)
    cauchy = step_proposal(states, lambda squared: (1 + squared / scale**2) ** power)
    return metropolis(cauchy, states.p)


def lazy(kernel: np.ndarray) -> np.ndarray:
    """Stay with probability one half, else move by `kernel`: no eigenvalue is negative."""
    return 0.5 * (np.eye(len(kernel)) + kernel)


def independence(p: np.ndarray, proposal: np.ndarray) -> np.ndarray:
    """Metropolis that proposes from `proposal` [M], a probability vector, wherever it is.

    Its second eigenvalue is 1 - min proposal / p (Liu, "Metropolized independent sampling", 1996).
    """
    return metropolis(np.broadcast_to(proposal, (len(p), len(p))), p)


def constant(p: np.ndarray) -> np.ndarray:
    """Every row is p: an independent draw, whatever the state."""
    return np.tile(p, (len(p), 1))


def reflection(states: Lattice, axis: int) -> np.ndarray:
    """The deterministic involution that negates one coordinate about the box's centre.

    Raises ValueError if it does not take p to itself, so that p is no stationary law of it.
    """
    mirrored = states.index.copy()
    # The box runs from 0 to points - 1, and its outermost states may have been left out.
    mirrored[:, axis] = (
        states.index[:, axis].min() + states.index[:, axis].max() - mirrored[:, axis]
    )
    place = {tuple(index): i for i, index in enumerate(states.index.tolist())}
    image = [place.get(tuple(index)) for index in mirrored.tolist()]
    if None in image or not np.array_equal(states.p[image], states.p):
        raise ValueError(f"the reflection of axis {axis} does not leave p as it is")
    return np.eye(len(image))[image]


def is_reversible(kernel: np.ndarray, p: np.ndarray, tolerance: float = 1e-14) -> bool:
    """Whether p_i T_ij = p_j T_ji for all pairs, to `tolerance` of the largest flow."""
    flow = p[:, None] * kernel
    return bool(np.abs(flow - flow.T).max() <= tolerance * flow.max())


def divergence(q: np.ndarray, p: np.ndarray) -> float:
    """KL(q|p) = sum_i p_i phi(q_i / p_i - 1), phi(h) = (1 + h) log(1 + h) - h; q and p [M].

    No term is negative, so that nothing cancels and the result is exact to rounding even near 0;
    the sum is rounded once, hence the same in whatever order the states come.
    """
    h = (q - p) / p
    positive = h > -1
    safe = np.where(positive, h, 0.0)
    direct = (1 + safe) * np.log1p(safe) - safe
    # Near zero even this difference cancels.
    series = safe**2 * (1 / 2 - safe * (1 / 6 - safe * (1 / 12 - safe * (1 / 20 - safe / 30))))
    phi = np.where(np.abs(safe) < SERIES_BELOW, series, direct)
    return math.fsum((p * np.where(positive, phi, 1.0)).tolist())


def contraction(kernel: np.ndarray, p: np.ndarray, start: np.ndarray, steps: int) -> np.ndarray:
    """KL(q_t|p) from q_0 = `start` [M]: for t = 0, ..., `steps`, or until it has no more digits."""
    q, kl = start, [divergence(start, p)]
    while len(kl) <= steps and kl[-1] > FLOOR:
        q = q @ kernel
        # Each row of T sums to 1 only to rounding, which would add up.
        q = q / math.fsum(q.tolist())
        kl.append(divergence(q, p))
    return np.array(kl)


def rate(kernel: np.ndarray) -> float:
    """The squared second-largest absolute eigenvalue: by this factor KL(q_t|p) falls in the end.

    Eigenvalues are those of the symmetric matrix sqrt(p_i / p_j) T_ij = sqrt(T_ij T_ji). With its
    eigenvectors sqrt(p) v_k, orthonormal, and h = q_0 / p - 1, to second order in q_t - p,

        KL(q_t|p) = (1/2) sum_{k >= 1} <h, v_k>_p^2 lambda_k^(2t),

    so lambda_1^2 is the factor that each step leaves in the end (Levin & Peres, "Markov Chains and
    Mixing Times", 2017, chapter 12).
    """
    values = np.linalg.eigvalsh(np.sqrt(kernel * kernel.T))
    return float(np.sort(np.abs(values))[-2] ** 2)
