"""Log densities with large constants: what is subtracted, what comes back, what is refused."""

import math

import pytest
import torch

from flowcheck.precision import LIMIT, PrecisionError, require_digits, require_variance, shift


class Plain:
    """A normal density that adds its constant, as anyone would write it."""

    def __init__(self, constant):
        self.constant = constant

    def log_density(self, theta):
        return self.constant - 0.5 * theta.square().sum(-1)


@pytest.mark.parametrize("constant", [0.0, -208.9, 3e7, -1e9])
def test_single_precision_keeps_its_digits(constant):
    shifted = shift(Plain(constant), torch.tensor([1.0, 2.0]))
    assert shifted.constant == constant - 2.5
    u = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    found = shifted.log_density(u)
    assert found.dtype == torch.float32
    exact = 2.5 - 0.5 * u.double().square().sum(-1)
    # Those of the result in float32, and of the constant in float64.
    assert (abs(found.double() - exact) <= 1e-6 + 2.0**-51 * abs(constant)).all()
    u.requires_grad_()
    (slope,) = torch.autograd.grad(shift(Plain(constant), u[0].detach()).log_density(u).sum(), u)
    torch.testing.assert_close(slope, -u)


def test_point_outside_the_support_leaves_the_density_as_it_is():
    class Half(Plain):
        def log_density(self, theta):
            return super().log_density(theta) + (theta[..., 0] > 0).double().log()

    assert shift(Half(7.0), torch.tensor([-1.0, 0.0])).constant == 0.0


def test_a_targets_own_form_is_taken(banana):
    shifted = shift(banana, torch.zeros(2))
    assert shifted.constant == banana.reference
    assert shifted.log_density == banana.relative_log_density


@pytest.mark.parametrize(
    ("log_evidence", "tolerance"),
    [(-1.0, 1.1 * LIMIT), (-1.0, math.nan), (math.nan, 0.0), (-math.inf, 0.0)],
)
def test_inexact_evidence_is_refused_with_its_data_and_the_cure(log_evidence, tolerance):
    with pytest.raises(PrecisionError, match=r"the prices of 1999.*Centre the data, or rescale"):
        require_digits(log_evidence, tolerance, "the prices of 1999")


def test_exact_evidence_passes():
    require_digits(-208.9, LIMIT, "these")


@pytest.mark.parametrize("variance", [0.0, -1e-3, math.nan, math.inf])
def test_no_variance_is_refused(variance):
    with pytest.raises(PrecisionError, match=r"the prices.*variance of theta1"):
        require_variance(variance, "theta1", "the prices")
    require_variance(1e-30, "theta1", "the prices")
