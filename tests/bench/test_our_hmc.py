"""What is raced as flowcheck's own: eager and compiled transitions do the same work."""

import pytest
import torch

from bench import our_hmc, trajectory
from flowcheck import compiling

needs_compiler = pytest.mark.skipif(
    not compiling.has_compiler(), reason="no C++ compiler with Python's headers here"
)


@pytest.mark.bench
@needs_compiler
@pytest.mark.parametrize("posterior", trajectory.RACES)
def test_a_compiled_transition_is_the_eager_one(posterior):
    runners = [our_hmc.build(4, compiled, posterior=posterior) for compiled in (False, True)]
    for runner in runners:
        runner.run(1)
    eager, compiled = (torch.from_numpy(runner.kept) for runner in runners)
    assert eager.shape[:2] == (4, 1)
    # One trajectory: after more of them, chaos has made other chains of rounding.
    torch.testing.assert_close(compiled, eager, rtol=1e-8, atol=1e-8)


def test_the_logistic_regression_is_of_the_size_said_and_moves():
    runner = our_hmc.build(4, False, posterior="logistic")
    runner.run(5)
    assert our_hmc.logistic().dim == 10
    moved = (torch.from_numpy(runner.kept).diff(dim=1) != 0).any(-1)
    assert moved.double().mean() > 0.5
