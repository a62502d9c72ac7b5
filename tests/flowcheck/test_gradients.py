"""The variance of both gradient estimators, where it is known in closed form."""

import pytest
import torch

from flowcheck import gradients
from flowcheck.base_quadrature import divergences, log_ratio_of, tabulate
from flowcheck.flows import base, make_flow
from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.training import Layout, Recipe, train

DRAWS = 50


class Shift(base.Flow):
    """x = z + shift: q = N(shift, I), whose score in the shift is z itself."""

    def initial(self, generator, init):
        return {"shift": torch.zeros(self.dim)}

    def forward(self, params, z):
        return z + params["shift"].unsqueeze(-2), z.new_zeros(z.shape[:-1])

    def inverse(self, params, x):
        return x - params["shift"].unsqueeze(-2), x.new_zeros(x.shape[:-1])


def variance(shift, gradient, batches=4000):
    flow, z = Shift(2), torch.randn(batches, DRAWS, 2, generator=torch.Generator().manual_seed(1))
    flat = torch.full((2,), shift)
    layout = Layout(flow.initial(None, ""))
    return gradients.estimator_variance(flow, standard_normal_log_prob, layout, flat, z, gradient)


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_total_gradient_keeps_the_variance_of_z(shift):
    # d/dshift of -log p(z + shift) is z + shift: variance 1 / S in each of two coordinates. The
    # variance of 8000 numbers is known to 1.6 %.
    assert variance(shift, "total") == pytest.approx(2 / DRAWS, rel=0.08)


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_path_gradient_has_none_where_the_densities_differ_by_a_slope(shift):
    # d/dx (log q - log p) is the shift, whatever x is.
    assert variance(shift, "path") < 1e-12


def test_both_start_alike_and_the_path_gradient_quietens(banana):
    flow = make_flow(
        "realnvp", 2, {"blocks": 2, "hidden": [8, 8], "activation": "silu", "scale_bound": 5.0}
    )
    recipe = Recipe(
        iterations=400, samples=100, learning_rate=1e-2, schedule="cosine", warmup=20, clip=10.0,
        weight_decay=0.0, gradient="path", ema_decay=None, init="near_identity",
    )  # fmt: skip
    generator = torch.Generator().manual_seed(3)
    snapshots = train(flow, banana.log_density, recipe, [generator], torch.device("cpu")).snapshots
    found = gradients.along_training(
        flow, banana.log_density, snapshots, 100, generator, batches=32, draws=500
    )
    assert [found[0].iteration, found[-1].iteration] == [0, 400]
    assert all(len(one.log_ratio) == 500 for one in found)
    first, last = found[0].trace, found[-1].trace
    assert first["path"] == pytest.approx(first["total"], rel=0.3)
    assert last["path"] < 0.5 * last["total"]
    evidence = banana.exact()["log_evidence"]
    assert found[-1].log_ratio.mean() > found[0].log_ratio.mean() + 10
    assert found[-1].log_ratio.mean() < evidence + 0.2
    # The weights of each mark are its own: their ELBO is that of the draws, within its error.
    for one in (found[0], found[-1]):
        log_ratio = log_ratio_of(flow, one.weights, lambda x: banana.log_density(x) - evidence)
        kl = divergences(tabulate(log_ratio, 2, both=False)).kl
        error = one.log_ratio.std() / len(one.log_ratio) ** 0.5
        assert abs(evidence - kl.value - one.log_ratio.mean()) < 4 * error
