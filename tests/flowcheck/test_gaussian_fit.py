"""The fitted Gaussian: exact where the posterior is one, stationary where it is not."""

import math

import numpy as np
import pytest
import torch

from flowcheck.gaussian import Gaussian
from flowcheck.gaussian_fit import (
    DRAWS,
    LEARNING_RATE,
    _Adam,
    _path_gradient,
    fit_gaussian,
    refine,
)
from tests.flowcheck.densities import Density, normal


def divergence(a: Gaussian, b: Gaussian) -> float:
    """KL(a|b), closed form."""
    ratio = torch.linalg.solve_triangular(b.factor, a.factor, upper=False)
    squares = ratio.square().sum() + b.whiten(a.loc).square().sum() - len(a.loc)
    return float(0.5 * squares + b.log_det() - a.log_det())


@pytest.mark.parametrize(("dim", "correlation"), [(1, 0.0), (30, 0.9)])
def test_gaussian_posterior_is_recovered(dim, correlation):
    posterior, factor = normal(dim, sds=np.geomspace(0.1, 10, dim), correlation=correlation)
    gaussian, _ = fit_gaussian(posterior, seed=0)
    # The path gradient vanishes draw by draw at the solution: nothing but rounding is left.
    assert divergence(gaussian, Gaussian(torch.zeros(dim).double(), factor)) < 1e-10
    assert torch.equal(gaussian.factor, gaussian.factor.tril())


def test_units_do_not_matter():
    # Started from the image of the same Gaussian, the fit of the image is the image of the fit.
    posterior, _ = normal(2, correlation=0.8)
    scale = torch.tensor([1e-3, 1e4], dtype=torch.float64)
    scaled = Density(2, lambda u: posterior.log_density(u / scale))
    start = Gaussian(torch.ones(2).double(), torch.eye(2).double())
    image = Gaussian(start.loc * scale, torch.diag(scale))
    (plain,), (other,) = (
        refine(density, [begin], torch.Generator().manual_seed(0), steps=50)
        for density, begin in ((posterior, start), (scaled, image))
    )
    torch.testing.assert_close(other.loc / scale, plain.loc, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(other.factor / scale[:, None], plain.factor, rtol=1e-6, atol=1e-9)


def test_skewed_posterior_meets_the_conditions_of_the_optimum():
    # u = log of an exponential variable: log p = u - e^u. For the best Gaussian, E log p' = 0 and
    # E log p'' = -1 / sd^2 (Opper & Archambeau, 2009), so E e^u = 1 and sd = 1; loc = -1/2.
    posterior = Density(1, lambda u: (u - u.exp()).squeeze(-1))
    gaussian, paths = fit_gaussian(posterior, seed=0)
    # The last of 2,000 steps still carry the noise of 64 draws, averaged over some hundred.
    assert float(gaussian.loc) == pytest.approx(-0.5, abs=0.02)
    assert float(gaussian.factor) == pytest.approx(1.0, abs=0.02)
    assert paths[0].elbo == max(path.elbo for path in paths)


def test_fits_are_independent_of_what_is_fitted_beside_them():
    posterior, _ = normal(3, correlation=0.5)
    starts = [Gaussian(torch.full((3,), x).double(), torch.eye(3).double()) for x in (0.0, 2.0)]
    both = refine(posterior, starts, torch.Generator().manual_seed(0), steps=20)
    (alone,) = refine(posterior, starts[1:], torch.Generator().manual_seed(0), steps=20)
    torch.testing.assert_close(both[1].factor, alone.factor, rtol=1e-10, atol=1e-12)


def test_draws_beyond_the_support_do_not_spoil_it():
    # Not a number below -3, five of its sd away, where the first steps still draw.
    def log_density(u):
        return torch.where(u > -3, -0.5 * (u / 0.6) ** 2, torch.nan).squeeze(-1)

    start = Gaussian(torch.zeros(1).double(), torch.eye(1).double())
    (gaussian,) = refine(Density(1, log_density), [start], torch.Generator().manual_seed(0))
    assert math.isfinite(float(gaussian.loc))
    assert float(gaussian.factor) == pytest.approx(0.6, abs=1e-3)


def test_adams_steps_are_pytorchs():
    # A step that is put back each time adds up to the unknowns of an optimiser that owns them.
    gradients = torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(0)).double()
    gradients[3] *= 1e-6  # where the smallest divisor counts
    unknowns = torch.zeros(3, 2, dtype=torch.float64)
    adam, total = torch.optim.Adam([unknowns], lr=1.0), torch.zeros_like(unknowns)
    own = _Adam(unknowns)
    for step, gradient in enumerate(gradients):
        unknowns.grad = gradient
        adam.param_groups[0]["lr"] = 0.5 / (step + 1)
        adam.step()
        total += own.change(gradient, 0.5 / (step + 1))
        torch.testing.assert_close(total, unknowns, rtol=1e-12, atol=1e-12)


def test_the_path_gradient_is_that_of_the_divergence_with_q_held_fixed():
    posterior, _ = normal(2, sds=[0.5, 2.0], correlation=0.3)
    q = Gaussian(
        torch.tensor([0.3, -1.0], dtype=torch.float64),
        torch.tensor([[1.5, 0.0], [-0.4, 0.7]], dtype=torch.float64),
    )
    z = torch.randn(7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    d = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    stretch = torch.eye(2, dtype=torch.float64).requires_grad_()
    theta = q.place(d + z @ stretch.mT)
    divergence = (q.log_prob(theta) - posterior.log_density(theta)).mean()
    in_d, in_stretch = torch.autograd.grad(divergence, (d, stretch))
    found = _path_gradient(posterior, q.loc[None], q.factor[None], z)
    torch.testing.assert_close(found[0][0], in_d, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found[1][0], in_stretch.tril(), rtol=1e-12, atol=1e-12)


def test_the_first_step_goes_by_the_rate_in_the_gaussians_own_coordinates():
    # Adam's first step is the rate itself, against the sign of each component.
    posterior, _ = normal(2, sds=[0.5, 2.0], correlation=0.3)
    start = Gaussian(
        torch.tensor([0.3, -1.0], dtype=torch.float64),
        torch.tensor([[1.5, 0.0], [-0.4, 0.7]], dtype=torch.float64),
    )
    (found,) = refine(posterior, [start], torch.Generator().manual_seed(0), steps=1)
    z = torch.randn(DRAWS, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    shift, stretch = (
        -LEARNING_RATE * part[0].sign()
        for part in _path_gradient(posterior, start.loc[None], start.factor[None], z)
    )
    moved = torch.diag(stretch.diagonal().exp()) + stretch.tril(-1)
    # The smallest divisor takes 1e-8 from the rate, relative to the gradient's size.
    torch.testing.assert_close(found.loc, start.loc + start.factor @ shift, rtol=0, atol=1e-7)
    torch.testing.assert_close(found.factor, start.factor @ moved, rtol=0, atol=1e-7)
