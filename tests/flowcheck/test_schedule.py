"""The cosine by which learning rates fall."""

import math

import pytest

from flowcheck.schedule import cosine


@pytest.mark.parametrize(
    ("step", "steps", "factor"),
    [
        (0, 7, 1.0),
        (1, 4, 0.5 + math.sqrt(1 / 8)),
        (1, 3, 0.75),
        (5, 10, 0.5),
        (200, 300, 0.25),
        (1500, 1500, 0.0),
    ],
)
def test_the_cosine_at_the_angles_that_have_a_root(step, steps, factor):
    # Rounding of numbers up to 2.
    assert cosine(step, steps) == pytest.approx(factor, rel=0, abs=1e-15)


def test_the_cosine_is_the_square_of_that_of_half_the_angle():
    for step in range(51):
        expected = math.cos(0.5 * math.pi * step / 50) ** 2
        assert cosine(step, 50) == pytest.approx(expected, rel=0, abs=1e-15)
