"""Gaussian approximations along optimisation paths: where a posterior's mass may lie, in seconds.

Zhang, Carpenter, Gelman & Vehtari, "Pathfinder: Parallel quasi-Newton variational inference", 2022
(arXiv 2108.03782). Each path climbs from an over-dispersed start to a mode. Every point on it,
with the inverse Hessian that the path has shown so far, is a Gaussian; the one of highest evidence
lower bound is kept. The bound looks at mass and not at height: a density may well have its peak
where there is next to no mass, and the path then passes the mass on its way.
"""

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy import optimize

from flowcheck.gaussian import LOG_2PI, Gaussian
from flowcheck.log_weights import log_densities
from flowcheck.seeds import seed_for

# Steps behind each estimate of the inverse Hessian, as in the paper.
HISTORY = 6
# What the optimiser reads where the density vanishes or is not a number: a wall, but a finite one,
# so that its line search steps back instead of failing.
WALL = 1e100
# A step along which the gradient grows by less than this, relative to its change, shows no basin.
LEAST_CURVATURE = 1e-10
# Tries for a start of finite density before a path is given up.
TRIES = 100


class NoPath(ValueError):
    """No optimisation path led to a Gaussian of finite evidence lower bound."""


class Path(NamedTuple):
    """A path's best Gaussian, its estimated evidence lower bound, and the path's end [dim]."""

    gaussian: Gaussian
    elbo: float
    end: np.ndarray


def pathfinder(
    posterior, seed: int, paths: int = 8, draws: int = 50, iterations: int = 300
) -> list[Path]:
    """The best Gaussian of each of so many paths, by evidence lower bound, the highest first.

    posterior: has dim, init_scale, log_density and value_and_gradient. Starts are uniform on
    +- init_scale in each coordinate. draws: per lower bound; iterations: at most, per path. A path
    of which no Gaussian has a finite lower bound is left out. Raises NoPath if none is left.
    """
    found = []
    for number in range(paths):
        rng = np.random.default_rng(seed_for(seed, "path", number))
        points, gradients = _climb(posterior, rng, iterations)
        if points is None:
            continue
        best = _best_gaussian(
            posterior, points, gradients, rng.standard_normal((draws, posterior.dim))
        )
        if best is not None:
            found.append(Path(*best, end=points[-1]))
    if not found:
        raise NoPath(
            "no optimisation path gave a Gaussian whose evidence lower bound is finite: the log "
            "density is not finite around its starts, or not where the paths lead"
        )
    return sorted(found, key=lambda path: -path.elbo)


def _climb(posterior, rng: np.random.Generator, iterations: int):
    """Points [T, dim] and gradients of minus the log density there, along an L-BFGS path."""

    def negative(point):
        value, gradient = posterior.value_and_gradient(torch.from_numpy(point)[None])
        value, gradient = float(value[0]), gradient[0].detach().numpy()
        if not (math.isfinite(value) and np.isfinite(gradient).all()):
            return WALL, np.zeros_like(point)
        return -value, -gradient

    scale = posterior.init_scale
    for _ in range(TRIES):
        start = rng.uniform(-scale, scale, posterior.dim)
        if negative(start)[0] < WALL:
            break
    else:
        return None, None
    points = [start]
    optimize.minimize(
        negative,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=lambda point: points.append(point.copy()),
        options={"maxiter": iterations, "maxcor": HISTORY},
    )
    gradients = [negative(point)[1] for point in points]
    return np.array(points), np.array(gradients)


def _inverse_hessians(points: np.ndarray, gradients: np.ndarray) -> Iterator[np.ndarray]:
    """The L-BFGS estimate of the inverse Hessian [dim, dim] at each point of a path.

    The last HISTORY steps before it update a diagonal, which has followed the whole path: no step
    may have gone along a coordinate yet whose scale the gradients already show. Steps along which
    the gradient does not grow, outside the basin of a mode, are passed over.
    """
    diagonal, steps = np.ones(points.shape[1]), deque(maxlen=HISTORY)
    yield np.diag(diagonal)
    for step, change in zip(np.diff(points, axis=0), np.diff(gradients, axis=0), strict=True):
        curvature = step @ change
        if np.isfinite(curvature) and curvature > LEAST_CURVATURE * (change @ change):
            diagonal = _next_diagonal(diagonal, step, change)
            steps.append((step, change))
        inverse = np.diag(diagonal)
        for one in steps:
            inverse = _updated(inverse, *one)
        yield inverse


def _next_diagonal(diagonal: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The diagonal [dim] of the inverse Hessian after a step and the gradient's change along it.

    Gilbert & Lemaréchal, "Some numerical experiments with variable-storage quasi-Newton
    algorithms", Mathematical Programming 1989, eq. 4.9; algorithm 3 of Zhang et al.
    """
    curvature, across = step @ change, change @ (diagonal * change)
    along = step @ (step / diagonal)
    share = step**2 / (along * diagonal)  # adds up to 1, so that what follows is positive
    return curvature / (across * (1 - share) / diagonal + change**2)


def _updated(inverse: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    """BFGS: Nocedal & Wright, "Numerical Optimization", 2006, eq. 6.17."""
    curvature, moved = step @ change, inverse @ change
    cross = np.outer(moved, step)
    scale = (1 + change @ moved / curvature) / curvature
    return inverse + scale * np.outer(step, step) - (cross + cross.T) / curvature


def _best_gaussian(posterior, points, gradients, z) -> tuple[Gaussian, float] | None:
    """The Gaussian of highest estimated lower bound along a path; z [draws, dim] serves them all.

    Two to a point: about the point, and about where a Newton step from it would lead.
    """
    locs, factors = [], []
    for point, gradient, inverse in zip(
        points, gradients, _inverse_hessians(points, gradients), strict=True
    ):
        try:
            factor = np.linalg.cholesky(inverse)
        except np.linalg.LinAlgError:
            continue
        locs += [point, point - inverse @ gradient]
        factors += [factor, factor]
    entropy = 0.5 * posterior.dim * (1 + LOG_2PI)
    best, best_elbo = None, -math.inf
    for loc, factor in zip(locs, factors, strict=True):
        theta = torch.from_numpy(loc + z @ factor.T)
        log_p = log_densities(posterior.log_density, theta)
        elbo = float(log_p.mean() + entropy + np.log(np.diag(factor)).sum())
        if elbo > best_elbo:
            best, best_elbo = Gaussian(torch.from_numpy(loc), torch.from_numpy(factor)), elbo
    return None if best is None else (best, best_elbo)
