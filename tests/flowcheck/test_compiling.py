"""The compiled step: when it is chosen, that it computes the same, and the way back to eager."""

import dataclasses

import numpy as np
import pytest
import torch
from torch._dynamo.utils import counters

from flowcheck import compiling
from flowcheck.flows import make_flow
from flowcheck.targets.banana import Target
from flowcheck.training import Layout, Recipe, State, draw_noise, make_step, train

CPU = torch.device("cpu")
RECIPE = Recipe(
    iterations=50,
    samples=20,
    learning_rate=0.05,
    schedule="cosine",
    warmup=5,
    clip=10.0,
    weight_decay=1e-4,
    gradient="path",
    ema_decay=0.9,
    init="near_identity",
)
# Small: a compilation takes longer the larger the flow.
FLOWS = {
    "planar": {"layers": 2},
    "nice": {"blocks": 1, "hidden": [4], "activation": "relu"},
    "realnvp": {"blocks": 1, "hidden": [4], "activation": "silu", "scale_bound": 5.0},
}
MASKED = {"layers": 2, "hidden": [4]}
# Beside those above, in three dimensions and in a Gaussian's coordinates.
MORE = {
    "mean_field": {},
    "full_rank": {},
    "radial": {"layers": 2},
    "realnvp": FLOWS["realnvp"] | {"blocks": 2},
    "spline": {"blocks": 1, "hidden": [4], "bins": 3},
    "iaf": MASKED,
    "maf": MASKED,
}
needs_compiler = pytest.mark.skipif(
    not compiling.has_compiler(), reason="no C++ compiler with Python's headers here"
)


def trained(family, log_density, compiled, said=print, **changes):
    flow = make_flow(family, 2, FLOWS[family])
    recipe = dataclasses.replace(RECIPE, **changes)
    generators = [torch.Generator().manual_seed(seed) for seed in range(2)]
    return train(flow, log_density, recipe, generators, CPU, compiled=compiled, report=said)


def refuse(message):
    raise AssertionError(f"not compiled: {message}")


# Each activation and each gradient once: that every step is one graph is the next test's matter.
@needs_compiler
@pytest.mark.parametrize(
    ("family", "gradient"), [("planar", "path"), ("nice", "total"), ("realnvp", "path")]
)
def test_compiled_training_is_eager_training(family, gradient, banana):
    # Softened: on the banana itself a difference in the last bit grows with every step.
    soft = lambda x: 0.02 * banana.log_density(x) - 0.1 * x.square().sum(-1)  # noqa: E731
    eager = trained(family, soft, False, gradient=gradient)
    compiled = trained(family, soft, True, refuse, gradient=gradient)
    first = trained(family, soft, False, gradient=gradient, iterations=1)
    moved = max((value - first.params[name]).abs().max() for name, value in eager.params.items())
    assert moved > 0.1
    # float32 sums in another order: 1e-7 of a value, carried through 50 steps. Adam's division by
    # the root of the second moment makes more of it where a gradient is near zero.
    torch.testing.assert_close(compiled.elbo, eager.elbo, rtol=1e-4, atol=1e-4)
    for name, value in eager.params.items():
        torch.testing.assert_close(compiled.params[name], value, rtol=1e-3, atol=1e-3)


def one_graph(function):
    """What the compiler would be given, run without being compiled, which takes seconds."""
    torch._dynamo.config.trace_autograd_ops = True
    return torch.compile(function, fullgraph=True, dynamic=False, backend="eager")


@pytest.mark.parametrize("gradient", ["path", "total"])
@pytest.mark.parametrize("family", MORE)
def test_every_familys_step_is_one_graph_and_computes_the_same(family, gradient):
    torch._dynamo.reset()  # it compiles one function at most eight times
    factor = torch.tensor([[1.0, 0, 0], [0.5, 2.0, 0], [-1.0, 0.3, 0.5]])
    flow = make_flow(family, 3, MORE[family], (torch.ones(3), factor))
    recipe = dataclasses.replace(RECIPE, gradient=gradient)
    found = []
    for compiler in (lambda function: function, one_graph):
        generators = [torch.Generator().manual_seed(seed) for seed in range(2)]
        initial = [flow.initial(generator, recipe.init) for generator in generators]
        layout = Layout(initial[0])
        state = State.initial(torch.stack([layout.flatten(params) for params in initial]))
        density = lambda x: -x.square().sum(-1) - x.sin().sum(-1)  # noqa: E731
        step = make_step(flow, density, layout, recipe, state, compiler)
        for z in draw_noise(generators, 10, recipe.samples, 3):
            elbo = step(z, torch.tensor(0.01))
        found.append((elbo, state.params))
    # The same operations, but for how a product of three is taken in linear layers of one input:
    # float32 rounding, grown by ten steps of Adam.
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)


@needs_compiler
def test_a_step_that_is_not_finite_is_held_back_in_compiled_code_too(banana):
    broken = lambda x: torch.where(x[..., :1] > 1.0, torch.nan, x).sum(-1)  # noqa: E731
    eager = trained("planar", broken, False)
    compiled = trained("planar", broken, True, refuse)
    assert eager.skipped.min() > 0
    assert torch.equal(eager.skipped, compiled.skipped)
    for value in compiled.params.values():
        assert value.isfinite().all()


def test_the_rule_counts_work_and_asks_for_a_compiler(monkeypatch):
    monkeypatch.setattr(compiling, "has_compiler", lambda: True)
    enough = compiling.WORTH
    assert compiling.pays(enough // 8, 8, CPU)
    assert not compiling.pays(enough // 8 - 1, 8, CPU)
    monkeypatch.setattr(compiling, "has_compiler", lambda: False)
    assert not compiling.pays(enough, 8, CPU)
    # On a GPU the code is Triton's, which brings its own compiler.
    assert compiling.pays(enough, 8, torch.device("cuda"))


def test_no_compiler_without_a_program_or_without_headers(monkeypatch, tmp_path):
    program = tmp_path / "c++"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "Python.h").touch()
    monkeypatch.setenv("CXX", str(program))
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"include": str(tmp_path)})
    assert compiling.has_compiler()
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    assert not compiling.has_compiler()
    monkeypatch.setenv("CXX", str(program))
    (tmp_path / "Python.h").unlink()
    assert not compiling.has_compiler()


@pytest.mark.parametrize("which", ["differentiate", "update"])
def test_what_cannot_be_compiled_goes_on_in_eager_mode_and_says_so(which, banana, monkeypatch):
    def unable(function, device, all_alike):
        def fail(*arguments):
            raise RuntimeError("the disk is full\nand much more")

        return fail if function.__name__ == which else function

    monkeypatch.setattr("flowcheck.training.compile_fixed", unable)
    said = []
    without = trained("nice", banana.log_density, True, said.append)
    assert said == ["not compiled, goes on in eager mode: RuntimeError: the disk is full"]
    eager = trained("nice", banana.log_density, False)
    assert torch.equal(without.elbo, eager.elbo)
    for name, value in eager.params.items():
        assert torch.equal(without.params[name], value)


def test_a_wrong_computation_raises_its_own_error():
    def wrong(*arguments):
        raise ValueError("a flow's own mistake")

    with pytest.raises(ValueError, match="own mistake"):
        compiling.or_else(wrong, wrong, lambda message: None)()


def test_once_compiled_a_failure_is_a_failure():
    calls = []

    def once(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            raise ValueError("later")
        return 1

    step = compiling.or_else(once, refuse, refuse)
    assert step() == 1
    with pytest.raises(ValueError, match="later"):
        step()


@needs_compiler
def test_compiled_code_serves_another_posterior():
    few, many = (Target({"y": np.linspace(-1, 3, n)}, 1.3, 0.8) for n in (7, 50))
    trained("planar", few.log_density, True, refuse)
    before = counters["aot_autograd"].copy()
    compiled = trained("planar", many.log_density, True, refuse)
    # Traced once more, and then the code is there already: that of the gradient and the update.
    more = counters["aot_autograd"] - before
    assert (more["autograd_cache_hit"], more["autograd_cache_miss"]) == (2, 0)
    eager = trained("planar", many.log_density, False)
    # The two posteriors' bounds differ by tens of nats; compiled and eager by rounding.
    torch.testing.assert_close(compiled.elbo, eager.elbo, rtol=1e-3, atol=0.0)
