"""Four posteriors of the gallery for the JAX libraries: flowcheck's log densities on R^dim.

Written as flowcheck writes them, at the same cost: a linear model's data enter by their least
squares, and not one by one. `u` is one point [dim]: the parameters in the order in which the target
declares them, a positive one by its logarithm, whose Jacobian is counted.
"""

import math

import jax.numpy as jnp
import numpy as np
from jax.nn import softplus

from flowcheck.targets import eight_schools, gaussian_ar, logistic, radon

LOG_2PI = math.log(2 * math.pi)
DIMENSIONS = {"eight_schools": 10, "logistic": 31, "radon": 44, "gaussian_ar": 50}


def _normal(x, scale):
    """Sum over all entries of log N(x; 0, scale^2)."""
    return -0.5 * jnp.sum((x / scale) ** 2) - x.size * (math.log(scale) + 0.5 * LOG_2PI)


def _eight_schools():
    y, s = eight_schools.SCHOOLS["y"], eight_schools.SCHOOLS["s"]
    scale = 5.0

    def log_density(u):
        mu, log_tau, e = u[0], u[1], u[2:]
        tau = jnp.exp(log_tau)
        residual = (y - mu - tau * e) / s
        likelihood = -0.5 * jnp.sum(residual**2) - np.sum(np.log(s)) - 0.5 * len(y) * LOG_2PI
        half_cauchy = math.log(2 / (math.pi * scale)) - jnp.log1p((tau / scale) ** 2)
        return _normal(mu, scale) + half_cauchy + log_tau + _normal(e, 1.0) + likelihood

    return log_density


def _logistic():
    data = logistic.breast_cancer()
    x, sign = jnp.asarray(data["x"]), jnp.asarray(1 - 2 * data["y"])

    def log_density(u):
        return -jnp.sum(softplus(sign * (u[0] + x @ u[1:]))) + _normal(u, 1.0)

    return log_density


def _radon():
    target = radon.Target({})
    design, y = target.design, target.y
    fit = np.linalg.lstsq(design, y, rcond=None)[0]
    rest = np.sum((y - design @ fit) ** 2)
    factor = jnp.asarray(np.linalg.qr(design, mode="r").T)

    def half_normal(x):
        return math.log(2) - 0.5 * (x**2 + LOG_2PI)

    def log_density(u):
        common, log_a, log_y, e = u[:2], u[2], u[3], u[4:]
        sigma_a, sigma_y = jnp.exp(log_a), jnp.exp(log_y)
        coefficients = jnp.concatenate([common, sigma_a * e])
        squares = jnp.sum(((coefficients - fit) @ factor) ** 2) + rest
        likelihood = -0.5 * squares / sigma_y**2 - len(y) * (log_y + 0.5 * LOG_2PI)
        scales = half_normal(sigma_a) + log_a + half_normal(sigma_y) + log_y
        return _normal(common, radon.PRIOR_SD) + _normal(e, 1.0) + scales + likelihood

    return log_density


def _gaussian_ar():
    target = gaussian_ar.Target({})
    sd, correlation = jnp.asarray(target.sd.numpy()), target.correlation
    innovation = math.sqrt(1 - correlation**2)
    log_det = float(np.sum(np.log(sd))) + (target.dim - 1) * math.log(innovation)

    def log_density(u):
        x = u / sd
        later = (x[1:] - correlation * x[:-1]) / innovation
        return _normal(x[0], 1.0) + _normal(later, 1.0) - log_det

    return log_density


_MAKERS = {
    "eight_schools": _eight_schools,
    "logistic": _logistic,
    "radon": _radon,
    "gaussian_ar": _gaussian_ar,
}


def make_log_density(posterior: str):
    """A function u [dim] -> log density, of one point, in JAX's float64 if that is switched on."""
    return _MAKERS[posterior]()
