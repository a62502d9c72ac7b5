"""What importing a module costs: packages that take long to load come in only when used."""

import subprocess
import sys
from pathlib import Path

import pytest

import flowcheck

# Each takes CPU time that every step which imports the module would pay, needed or not.
HEAVY = {"arviz_stats", "arviz_base", "sklearn", "matplotlib", "pandas", "torch", "torchvision"}
SCRIPTS = str(Path(flowcheck.__file__).parents[1])


def brought_in_by(module):
    code = f"import sys; sys.path.insert(0, {SCRIPTS!r}); import {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    return HEAVY & set(loaded)


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("flowcheck.files", set()),
        ("flowcheck.images", set()),
        ("flowcheck.divergence", {"torch"}),
        ("flowcheck.base_quadrature", {"torch"}),
        ("flowcheck.multisample", {"torch"}),
        ("flowcheck.bounds", {"torch"}),
        ("flowcheck.bridge", {"torch"}),
        ("flowcheck.truth", set()),
        ("flowcheck.vae_training", {"torch"}),
        ("flowcheck.training", {"torch"}),
        ("flowcheck.hmc", {"torch"}),
    ],
)
def test_a_module_brings_in_no_heavy_package_that_it_may_not_need(module, needed):
    assert brought_in_by(module) <= needed
