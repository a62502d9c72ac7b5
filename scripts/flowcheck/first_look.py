"""A first look at a posterior: it finds early what would otherwise waste hours.

Every mistake that a few hundred evaluations can show is an error in words here; what is worth
knowing but is not a mistake is a number or a note.
"""

import time

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck import flat_priors
from flowcheck.calls import double_precision
from flowcheck.model_errors import ModelError
from flowcheck.targets.base import NOT_DIFFERENTIABLE, Posterior

STARTS = 256  # over-dispersed points
PROBES = 8  # of these, where gradients and single points are compared
STEPS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # of the finite differences; the best one counts
# A gradient that is off by this much of itself is wrong; autograd's is off by 1e-8, float32's 1e-4.
GRADIENT_LIMIT = 1e-3
# Batches and single points differ by rounding, in float32 by 1e-6 of the value.
BATCH_LIMIT = 1e-5
# What a study evaluates: 1,000 transitions of 64 chains at some 20 steps, four fits of 2,000 steps.
CHAINS, HMC_CALLS = 64, 20_000
TRAINING_POINTS, TRAINING_CALLS = 512, 8_000


def look(posterior: Posterior, generator: Generator, repeated: Posterior | None = None) -> dict:
    """What a first look finds: the content of check.json.

    repeated: the posterior of the same data with every row twice (`flat_priors.twice`), if known.

    dim, names, coordinates; ms_per_call: value and gradient of 64 points; ms_per_training_call: of
    512; hours_to_expect of the usual study; gradient_error: the largest difference from finite
    differences, beside the gradient; batch_error: between points together and alone, beside the
    value; starts_not_finite: a share; flat_priors: names; notes: sentences.

    Raises ModelError for what cannot be used: see docs/own-posterior.md.
    """
    u = posterior.starts(STARTS, generator)
    value, gradient = posterior.value_and_gradient(u)
    finite = value.isfinite() & gradient.isfinite().all(-1)
    _check_finite(posterior, u, value, finite)
    probes = u[finite][:PROBES]
    _check_repeatable(posterior, u, value)
    _check_differentiable(posterior, probes[0])
    batch_error = _batch_error(posterior, u[finite][:PROBES], value[finite][:PROBES])
    _check_every_coordinate_matters(posterior, gradient[finite])
    gradient_error = _gradient_error(posterior, probes, gradient[finite][:PROBES])
    _check_decay(posterior, probes)
    flat = set(flat_priors.by_recorded_terms(posterior, probes[0]))
    if repeated is not None:
        flat |= set(flat_priors.by_repeated_data(posterior, repeated, probes))
    flat = sorted(flat)
    ms, ms_training = (_milliseconds(posterior, probes, n) for n in (CHAINS, TRAINING_POINTS))
    share = 1 - float(finite.double().mean())
    return {
        "dim": posterior.dim,
        "names": posterior.names,
        "coordinates": posterior.coordinates,
        "ms_per_call": ms,
        "points_per_call": CHAINS,
        "ms_per_training_call": ms_training,
        "points_per_training_call": TRAINING_POINTS,
        "hours_to_expect": (HMC_CALLS * ms + TRAINING_CALLS * ms_training) / 3.6e6,
        "gradient_error": gradient_error,
        "batch_error": batch_error,
        "starts_not_finite": share,
        "flat_priors": flat,
        "notes": _notes(share, flat, value[finite], gradient[finite]),
    }


def _notes(share: float, flat: list[str], value: Tensor, gradient: Tensor) -> list[str]:
    notes = []
    if share:
        notes.append(
            f"{100 * share:.0f} % of over-dispersed starts have no finite log density; if a "
            "parameter has bounds, declare them as its support: Hamiltonian Monte Carlo cannot see "
            "a wall, and takes tiny steps in front of one"
        )
    if flat:
        notes.append(
            f"{', '.join(flat)}: flat prior, which has no integral; what is estimated as the log "
            "evidence is that of a normaliser, not an evidence"
        )
    if torch.equal(value, value.float().double()) and torch.equal(
        gradient, gradient.float().double()
    ):
        notes.append(
            "the log density is computed in float32, where differences of a nat in thousands are "
            'lost (JAX: jax.config.update("jax_enable_x64", True))'
        )
    return notes


def _error(posterior: Posterior, text: str) -> ModelError:
    function = "value_and_grad" if hasattr(posterior.model, "value_and_grad") else "log_density"
    return ModelError(f"{posterior.place(function)}: {function} {text}")


def _check_finite(posterior: Posterior, u: Tensor, value: Tensor, finite: Tensor) -> None:
    if bool(finite.any()):
        return
    nan, infinite = int(value.isnan().sum()), int(value.isinf().sum())
    without_gradient = len(u) - nan - infinite
    example = ", ".join(
        f"{name} = {np.round(row[0].numpy(), 3).tolist()}"
        for name, row in posterior.constrain(u[:1]).items()
    )
    raise _error(
        posterior,
        f"is not finite at any of {len(u)} over-dispersed starts: NaN at {nan}, infinite at "
        f"{infinite}, without a finite gradient at {without_gradient}. Try it by hand at "
        f"{example[:300]}; look for missing values in the data, logarithms of zero or of negative "
        "numbers, and parameters whose support is narrower than declared",
    )


def _check_repeatable(posterior: Posterior, u: Tensor, value: Tensor) -> None:
    again = posterior.log_density(u).detach()
    same = (again - value).abs() <= 1e-9 * (1 + value.abs())
    if bool((~same & value.isfinite()).any()):
        raise _error(
            posterior,
            "gives two values at the same point: it draws random numbers or keeps state. It must "
            "be a fixed function of all the data (no minibatches, no dropout)",
        )


def _check_differentiable(posterior: Posterior, u: Tensor) -> None:
    """The model's own result depends on the parameters, and not the Jacobian alone."""
    if posterior.parameters is None:
        return  # Posterior.value_and_gradient has found it
    values = {k: v.detach().requires_grad_() for k, v in posterior.constrain(u).items()}
    with double_precision():
        found = posterior.model.log_density(**values)
    if not found.requires_grad:
        raise _error(posterior, NOT_DIFFERENTIABLE)


def _batch_error(posterior: Posterior, u: Tensor, together: Tensor) -> float:
    with torch.no_grad():
        alone = torch.stack([posterior.log_density(point) for point in u])
        pairs = posterior.log_density(u.unsqueeze(1).expand(-1, 2, -1))[:, 1]
    error = torch.maximum((alone - together).abs(), (pairs - together).abs())
    worst = float((error / (1 + together.abs())).max())
    if not worst <= BATCH_LIMIT:
        raise _error(
            posterior,
            "gives a point a different value when it is evaluated with others (relative error "
            f"{worst:.1e}): a sum or mean over leading axes? Sum over the last axes only, "
            ".sum(-1), or leave out `batched = True`",
        )
    return worst


def _check_every_coordinate_matters(posterior: Posterior, gradient: Tensor) -> None:
    """A parameter that the density ignores has no posterior, unless its support is bounded."""
    if posterior.parameters is None:
        unused = (~gradient.any(0)).nonzero().flatten().tolist()
        ignored = [_label(posterior, index) for index in unused]
    else:
        ignored = _ignored(posterior)
    if ignored:
        raise _error(
            posterior,
            f"does not depend on {', '.join(ignored)}: the posterior would be flat, and has no "
            "integral. Use it, give it a prior, or leave it out",
        )


def _ignored(posterior: Posterior) -> list[str]:
    u = posterior.starts(PROBES, Generator().manual_seed(0)).requires_grad_()
    # Less the Jacobian, what is left is the model's own density.
    own = posterior.log_density(u) - posterior.log_jacobian(u)
    (gradient,) = torch.autograd.grad(own.nan_to_num(0.0, 0.0, 0.0).sum(), u)
    parts = gradient.split([one.size for one in posterior.parameters], -1)
    return [
        one.name
        for one, part in zip(posterior.parameters, parts, strict=True)
        if not one.bounded and float(part.abs().max()) < 1e-12
    ]


def _gradient_error(posterior: Posterior, u: Tensor, gradient: Tensor) -> float:
    """The largest difference from central differences of fourth order, beside the gradient."""
    with torch.no_grad():
        pairs = zip(u, gradient, strict=True)
        best = torch.stack([_nearest_difference(posterior, *pair) for pair in pairs])
    relative = best / (1 + gradient.abs().amax(-1, keepdim=True))
    worst = float(relative.max())
    if not worst <= GRADIENT_LIMIT:
        index = int(relative.max(0).values.argmax())
        cause = (
            "a part of it is hidden from autograd (.detach(), torch.no_grad, rounding)"
            if not hasattr(posterior.model, "gradient") and not posterior.from_numpy
            else "the two belong to different functions, or the coordinates are in another order"
        )
        raise _error(
            posterior,
            "has a gradient that disagrees with its finite differences: relative error "
            f"{worst:.1e}, largest along {_label(posterior, index)}; {cause}",
        )
    return worst


def _nearest_difference(posterior: Posterior, u: Tensor, gradient: Tensor) -> Tensor:
    """|finite difference - gradient| of each coordinate at u [dim], by the best of the steps."""
    best = torch.full_like(gradient, torch.inf)
    directions = torch.eye(posterior.dim, dtype=torch.float64)
    for step in STEPS:
        far_below, below, above, far_above = (
            posterior.log_density(u + k * step * directions) for k in (-2, -1, 1, 2)
        )
        found = (8 * (above - below) - (far_above - far_below)) / (12 * step)
        best = torch.fmin(best, (found - gradient).abs())
    return best


def _label(posterior: Posterior, index: int) -> str:
    """What an unconstrained coordinate is called: after its parameter, if it is known."""
    if not posterior.named:
        return posterior.coordinates[index]
    for one in posterior.parameters or ():
        if index < one.size:
            return one.name
        index -= one.size
    return f"unconstrained coordinate {index}"


def _check_decay(posterior: Posterior, u: Tensor) -> None:
    """A log density that grows in every direction has its sign reversed."""
    direction = torch.randn(u.shape, generator=Generator().manual_seed(0), dtype=torch.float64)
    rays = torch.cat([direction, -direction])
    with torch.no_grad():
        near, far = (posterior.log_density(radius * rays) for radius in (10.0, 100.0))
    if bool((far > near + 1).all()):
        raise _error(
            posterior,
            "grows without bound in every direction from the origin: is its sign reversed? The "
            "log density is needed, not its negative (PyMC's "
            "get_jaxified_logp(negative_logp=False) returns minus the log density)",
        )


def _milliseconds(posterior: Posterior, u: Tensor, points: int) -> float:
    """The best of a few calls for values and gradients of so many points."""
    u = u.repeat(points // len(u) + 1, 1)[:points]
    posterior.value_and_gradient(u)
    best, began = float("inf"), time.perf_counter()
    while time.perf_counter() - began < 0.3:
        start = time.perf_counter()
        posterior.value_and_gradient(u)
        best = min(best, time.perf_counter() - start)
    return 1000 * best
