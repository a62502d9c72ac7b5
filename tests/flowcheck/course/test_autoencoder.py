"""What the errors page measures of an autoencoder, against torch's own distributions."""

import math

import pytest
import torch
from torch import distributions

from flowcheck.course import autoencoder
from flowcheck.vae import VAE, initialise


@pytest.fixture(scope="module")
def model():
    vae = VAE(16, 8, 2)
    initialise(vae, "published", 1.0, 1.0, torch.Generator().manual_seed(0))
    return vae


@pytest.fixture(scope="module")
def grey():
    return torch.rand(6000, 16, generator=torch.Generator().manual_seed(1))


def test_entropy_is_that_of_torchs_normal(model, grey):
    mean, log_sigma = model.encode(grey)
    expected = distributions.Normal(mean, log_sigma.exp()).entropy().sum(-1)
    torch.testing.assert_close(autoencoder.entropy(model, grey), expected)
    row = autoencoder.entropy_sign("x", model, grey)
    assert row.size == pytest.approx(-2 * float(expected.mean()), rel=1e-5)


@pytest.mark.parametrize("redraw", [True, False])
def test_value_at_the_end_is_the_mean_elbo(model, grey, redraw):
    found, noise = autoencoder.at_the_end(model, grey, redraw, torch.Generator().manual_seed(2))
    # Bernoulli log densities are linear in x, so both cases share an expectation where the encoder
    # hardly sees the difference: not exactly, hence a reference of its own for each.
    generator = torch.Generator().manual_seed(3)
    values = []
    for _ in range(20):
        x = (torch.rand(grey.shape, generator=generator) < grey).float() if redraw else grey
        mean, log_sigma = model.encode(x)
        q = distributions.Normal(mean, log_sigma.exp())
        z = mean + log_sigma.exp() * torch.randn(mean.shape, generator=generator)
        likelihood = -torch.nn.functional.binary_cross_entropy_with_logits(
            model.decode(z), x, reduction="none"
        )
        kl = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0))
        values.append(float((likelihood.sum(-1) - kl.sum(-1)).mean()))
    spread = torch.tensor(values).std()
    assert abs(found - sum(values) / 20) < 4 * noise * math.sqrt(1 + 1 / 20)
    # The spread of 20 whole passes, to a relative 16 %, against the noise from two.
    assert noise == pytest.approx(float(spread), rel=0.6)


def test_two_curves_differ_by_what_an_epoch_gains():
    row = autoencoder.two_curves("x", 3, -10.0, (-8.0, 0.1))
    assert row.size == -2.0
    assert row.se == pytest.approx(0.1 * math.sqrt(2))
