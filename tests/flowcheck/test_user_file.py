"""A user's file by its path: what lies beside it is its own, and nothing leaks."""

import sys

import pytest
import torch

from flowcheck.compiling import compile_fixed, has_compiler
from flowcheck.targets import load_target

MODEL = """
from helpers import centre
class Target:
    dim = 1
    def log_density(self, theta):
        return -(theta - centre(0)).square().sum()
"""


def written(folder, centre: float) -> str:
    folder.mkdir()
    (folder / "model.py").write_text(MODEL, encoding="utf-8")
    (folder / "helpers.py").write_text(f"def centre(x): return x + {centre}", encoding="utf-8")
    return str(folder / "model.py")


def test_files_and_helpers_of_one_name(tmp_path):
    path = list(sys.path)
    first, second = (
        load_target(written(tmp_path / name, centre), {}, {})
        for name, centre in (("a", 1.0), ("b", 2.0))
    )
    zero = torch.zeros(1)
    assert [float(t.log_density(zero)) for t in (first, second)] == [-1.0, -4.0]
    assert sys.path == path
    assert not {"model", "helpers"} & set(sys.modules)


def test_a_helper_may_have_the_name_of_a_module_of_ours(tmp_path):
    import flowcheck.targets as ours

    (tmp_path / "flowcheck").mkdir()
    (tmp_path / "flowcheck/__init__.py").write_text("SCALE = 3.0", encoding="utf-8")
    (tmp_path / "model.py").write_text(
        MODEL.replace("helpers import centre", "flowcheck import SCALE").replace(
            "centre(0)", "SCALE"
        ),
        encoding="utf-8",
    )
    target = load_target(str(tmp_path / "model.py"), {}, {})
    assert float(target.log_density(torch.zeros(1))) == -9.0
    assert sys.modules["flowcheck.targets"] is ours


def test_the_environments_packages_are_not_shadowed(tmp_path):
    file = written(tmp_path / "a", 1.0)
    (tmp_path / "a/torch.py").write_text("raise RuntimeError", encoding="utf-8")
    load_target(file, {}, {})
    assert sys.modules["torch"] is torch


@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_a_users_model_compiles_whole(tmp_path):
    (tmp_path / "helpers.py").write_text("def double(x): return 2 * x", encoding="utf-8")
    (tmp_path / "model.py").write_text(
        "from helpers import double\n"
        "from torch.distributions import HalfCauchy, Normal\n"
        "class Target:\n"
        "    parameters = {'mu': 'real', 'tau': 'positive', 'p': ('simplex', 3)}\n"
        "    def log_density(self, mu, tau, p):\n"
        "        scales = HalfCauchy(5.0).log_prob(tau) + double(p.log().sum())\n"
        "        return Normal(0.0, tau).log_prob(mu) + scales\n",
        encoding="utf-8",
    )
    target = load_target(str(tmp_path / "model.py"), {}, {})

    def both(u):
        u = u.detach().requires_grad_()
        value = target.log_density(u)
        return value.detach(), torch.autograd.grad(value, u, torch.ones_like(value))[0]

    u = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    compiled = compile_fixed(both, torch.device("cpu"))(u)
    # Constants are float32 in compiled code, and so is the gradient.
    for found, expected in zip(compiled, both(u), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
