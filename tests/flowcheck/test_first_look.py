"""What a first look measures, and what it notes without refusing; its errors: test_model_errors."""

import json
import math

import numpy as np
import pytest
import torch

from flowcheck.first_look import look
from flowcheck.model_errors import ModelError
from flowcheck.targets.base import Posterior


class Gaussian:
    dim = 3

    def log_density(self, theta):
        return -0.5 * theta.square().sum()


def seen(model) -> dict:
    found = look(Posterior(model, __file__), torch.Generator().manual_seed(0))
    json.dumps(found, allow_nan=False)  # what check.json takes
    return found


def test_a_good_model():
    found = seen(Gaussian())
    assert found["dim"] == 3
    assert found["names"] == ["theta"]
    assert found["coordinates"] == ["theta[0]", "theta[1]", "theta[2]"]
    # A quadratic has no error but rounding over the step.
    assert found["gradient_error"] < 1e-10
    assert found["batch_error"] < 1e-12
    assert found["starts_not_finite"] == 0
    assert found["notes"] == []


def test_times_grow_with_the_model():
    class Slow(Gaussian):
        def log_density(self, theta):
            for _ in range(200):
                theta = theta.sin().asin()
            return super().log_density(theta)

    fast, slow = seen(Gaussian()), seen(Slow())
    # 400 operations in place of two, forward and backward: far more than the clock's noise.
    assert slow["ms_per_call"] > 5 * fast["ms_per_call"] > 0
    assert slow["hours_to_expect"] > 5 * fast["hours_to_expect"] > 0


def test_the_share_of_starts_without_a_density():
    class Cut(Gaussian):
        def log_density(self, theta):
            return super().log_density(theta) + torch.log(theta[0])  # NaN where negative

    found = seen(Cut())
    # Half of them, of 256: five standard deviations are 0.16.
    assert found["starts_not_finite"] == pytest.approx(0.5, abs=0.16)
    assert any("declare them as its support" in note for note in found["notes"])


def test_single_precision_is_noted():
    class Single:
        dim = 2

        def value_and_grad(self, u):
            u = u.astype(np.float32)
            return -0.5 * (u**2).sum(-1), -u

    found = seen(Single())
    assert 1e-9 < found["gradient_error"] < 1e-3
    assert any("float32" in note for note in found["notes"])


def test_a_needle_of_a_density_is_no_reversed_sign():
    class Distant(Gaussian):
        def log_density(self, theta):
            return -0.5 * ((theta - 1e4) / 1e-2).square().sum()

    assert seen(Distant())["starts_not_finite"] == 0


@pytest.mark.parametrize("power", [1, 2, 4])
def test_a_reversed_sign_is_refused_however_it_grows(power):
    class Reversed(Gaussian):
        def log_density(self, theta):
            return theta.abs().pow(power).sum()

    with pytest.raises(ModelError, match="grows without bound"):
        seen(Reversed())


def test_the_wrong_coordinate_of_a_gradient_is_named():
    class Swapped:
        dim = 3

        def value_and_grad(self, u):
            scale = np.array([1.0, 2.0, 3.0])
            gradient = -u / scale**2
            return -0.5 * ((u / scale) ** 2).sum(-1), gradient[:, [0, 2, 1]]

    with pytest.raises(ModelError, match=r"along theta\[[12]\]; the two belong to different"):
        seen(Swapped())


def test_a_kink_is_no_error():
    class Laplace(Gaussian):
        def log_density(self, theta):
            return -theta.abs().sum() - 3 * math.log(2)

    assert seen(Laplace())["gradient_error"] < 1e-6
