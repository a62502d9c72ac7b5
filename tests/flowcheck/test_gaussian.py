"""The full-rank Gaussian against SciPy's, and its coordinates there and back."""

import numpy as np
import pytest
import torch
from scipy import stats

from flowcheck.gaussian import Gaussian, moment_gaussian

LOC = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
FACTOR = torch.tensor([[2.0, 0, 0], [1.0, 0.5, 0], [-3.0, 0.2, 0.1]], dtype=torch.float64)


def test_log_density_is_scipys():
    theta = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = stats.multivariate_normal(LOC.numpy(), (FACTOR @ FACTOR.mT).numpy()).logpdf(theta)
    # Densities down to -4000: relative rounding of some operations.
    np.testing.assert_allclose(Gaussian(LOC, FACTOR).log_prob(theta), expected, rtol=1e-10)


def test_whitening_undoes_placing():
    z = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    gaussian = Gaussian(LOC, FACTOR)
    torch.testing.assert_close(gaussian.whiten(gaussian.place(z)), z, rtol=1e-12, atol=1e-12)


def test_moments_of_draws_give_it_back():
    draws = Gaussian(LOC, FACTOR).sample(200_000, torch.Generator().manual_seed(0))
    found = moment_gaussian(draws)
    # Standard errors in the coordinates of the first are 1 / sqrt(n) = 0.0022 for either moment.
    z_loc = Gaussian(LOC, FACTOR).whiten(found.loc)
    ratio = torch.linalg.solve_triangular(FACTOR, found.factor, upper=False)
    assert float(z_loc.abs().max()) < 0.01
    assert float((ratio - torch.eye(3)).abs().max()) < 0.01


def test_too_few_draws_have_no_gaussian():
    with pytest.raises(torch.linalg.LinAlgError):
        moment_gaussian(torch.zeros(10, 2))
