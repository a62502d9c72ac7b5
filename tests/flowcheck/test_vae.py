"""The model's densities and bounds, against other ways to compute them."""

import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from flowcheck.bounds import Grid, log_evidence, own_log_likelihood
from flowcheck.vae import (
    VAE,
    BernoulliLogLikelihood,
    SharedPoints,
    gaussian_log_prob,
    initialise,
    kl_to_prior,
    prior_points,
    scaled_exp,
    shared_points_bound,
)


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model():
    model = VAE(pixels=12, hidden=20, latent=2)
    initialise(model, "spread", slope=2.0, reach=3.0, generator=draws())
    return model.double()


def binary(*shape):
    return (torch.rand(shape, generator=draws(1)) < 0.5).double()


def test_log_likelihood_is_that_of_bernoulli_pixels(model):
    x, z = binary(5, 12), torch.randn(7, 5, 2, generator=draws(2), dtype=torch.float64)
    expected = Independent(Bernoulli(logits=model.decode(z)), 1).log_prob(x)
    torch.testing.assert_close(model.log_likelihood(x, z), expected)
    table = model.log_likelihood_table(x, z[:, 0])
    for b in range(5):
        torch.testing.assert_close(table[b], model.log_likelihood(x[b : b + 1], z[:, :1])[:, 0])


def test_encoder_and_decoder_are_perceptrons_of_one_hidden_layer(model):
    relu = torch.nn.ReLU()
    x, z = binary(5, 12), torch.randn(7, 5, 2, generator=draws(2), dtype=torch.float64)
    both = torch.nn.Sequential(model.encoder_hidden, relu, model.encoder_out)(x)
    mean, log_sigma = model.encode(x)
    # The same products, in another order if at all.
    torch.testing.assert_close((mean, log_sigma), (both[:, :2], both[:, 2:]))
    assert mean.shape == log_sigma.shape == (5, 2)
    expected = torch.nn.Sequential(model.decoder_hidden, relu, model.decoder_out)(z)
    torch.testing.assert_close(model.decode(z), expected)
    assert expected.shape == (7, 5, 12)


@pytest.mark.parametrize("extent", [0.0, 0.05, 0.5, 5.0])
def test_features_give_the_logits(model, extent):
    centre = torch.tensor([0.7, -0.4], dtype=torch.float64)
    z = centre + extent * torch.randn(9, 2, generator=draws(2), dtype=torch.float64)
    features, weight = model.features(z)
    torch.testing.assert_close(features @ weight, model.decode(z), atol=1e-12, rtol=0)


def test_features_lose_nothing_to_rounding():
    # Of the study's size, with steep units: most of a logit is in level and slope, which cancel.
    model = VAE(pixels=784, hidden=512, latent=2)
    initialise(model, "spread", slope=6.0, reach=3.0, generator=draws())
    z = torch.tensor([2.5, -2.5]) + 0.2 * torch.randn(1000, 2, generator=draws(2))
    features, weight = model.features(z)
    plain = model.decode(z).double()
    truth = model.double().decode(z.double())
    # Both round sums of 512 terms; the folded one rounds a few more times.
    error = ((features @ weight).double() - truth).abs().max()
    assert error < 4 * (plain - truth).abs().max()


def test_features_are_those_units_whose_kinks_run_through_the_box_around_the_points():
    model = VAE(pixels=12, hidden=2000, latent=2)
    initialise(model, "spread", slope=2.0, reach=3.0, generator=draws())
    angle = torch.linspace(0, 2 * math.pi, 101)[:100]
    z = 0.2 * torch.stack([angle.cos(), angle.sin()], 1)
    # Kinks are lines in all directions, with distances uniform on [-3, 3] from the origin: they
    # cross a square of side 0.4, the box around a circle, in proportion to its mean width, the
    # perimeter over pi (Cauchy): 0.509 / 6 of them, 170 +- 12 of 2,000.
    assert abs(model.features(z)[0].shape[1] - 3 - 170) < 4 * 12
    # At a single point no unit bends.
    assert model.features(z[:1])[0].shape == (1, 3)


def test_each_image_is_scored_at_its_own_samples(model):
    x, z = binary(5, 12), torch.randn(7, 5, 2, generator=draws(2), dtype=torch.float64)
    value = own_log_likelihood(model, x, z)
    torch.testing.assert_close(value, model.log_likelihood(x, z), atol=1e-12, rtol=0)


def test_log_likelihood_stays_finite_where_a_pixel_is_certain():
    logits = torch.tensor([[[200.0, -200.0]]])
    value = BernoulliLogLikelihood.apply(torch.tensor([[1.0, 0.0]]), logits)
    assert value.item() == 0.0
    assert BernoulliLogLikelihood.apply(torch.tensor([[0.0, 0.0]]), logits).item() == -200.0


def test_written_out_gradients_are_the_derivatives():
    x = binary(4, 6)
    logits = torch.randn(3, 4, 6, generator=draws(2), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda ls: BernoulliLogLikelihood.apply(x, ls), logits)
    points = torch.randn(5, 6, generator=draws(3), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda ls: SharedPoints.apply(x, ls), points)


def test_kl_to_the_prior_is_the_closed_form():
    mean, log_sigma = torch.randn(2, 6, 2, generator=draws(), dtype=torch.float64)
    q = Independent(Normal(mean, log_sigma.exp()), 1)
    prior = Independent(Normal(torch.zeros(2).double(), torch.ones(2).double()), 1)
    torch.testing.assert_close(kl_to_prior(mean, log_sigma), kl_divergence(q, prior))


def test_kl_to_the_prior_agrees_with_monte_carlo():
    mean, log_sigma = torch.tensor([[0.7, -0.4], [-0.5, 0.2]], dtype=torch.float64)
    count = 200_000
    noise = torch.randn(count, 2, generator=draws(), dtype=torch.float64)
    z = mean + log_sigma.exp() * noise
    zero = torch.zeros(2, dtype=torch.float64)
    log_ratio = gaussian_log_prob(z, mean, log_sigma) - gaussian_log_prob(z, zero, zero)
    error = log_ratio.std() / math.sqrt(count)
    assert error < 0.01 * kl_to_prior(mean, log_sigma)
    assert abs(log_ratio.mean() - kl_to_prior(mean, log_sigma)) < 4 * error


def test_prior_points_are_distributed_as_the_prior():
    points = torch.stack([prior_points(2, 64, draws(seed), "cpu") for seed in range(200)])
    assert points.shape == (200, 64, 2)
    assert torch.isfinite(points).all()
    # Each point alone, over the 200 shifts: mean 0 +- 0.07, variance 1 +- 0.1; 5 errors wide,
    # since 64 points times 2 coordinates are looked at.
    assert points.mean(0).abs().max() < 5 * 0.071
    assert (points.var(0) - 1).abs().max() < 5 * 0.1
    # And evenly within one shift: the mean of 64 points strays far less than 1 / sqrt(64).
    assert points.mean(1).std() < 0.5 / 8


@pytest.mark.parametrize(
    # The golden ratio, x^2 = x + 1, and the plastic one, x^3 = x + 1.
    ("latent", "root"),
    [(1, (1 + math.sqrt(5)) / 2), (2, 1.324717957244746)],
)
def test_prior_points_go_round_in_steps_of_the_roots_powers(latent, root):
    places = torch.special.ndtr(prior_points(latent, 20, draws(), "cpu").double())
    expected = torch.tensor([root**-power for power in range(1, latent + 1)], dtype=torch.float64)
    steps = torch.remainder(places.diff(dim=0), 1.0)
    # float32 quantiles, of a few units in the sixth digit of what they are mapped from.
    torch.testing.assert_close(steps, expected.expand(19, latent), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_scaled_exponentials_end_at_the_cube_root_of_the_smallest_number(dtype):
    table = torch.tensor([[0.0, -1.0, -1e4], [7.0, 9.0, 5.0]], dtype=dtype)
    largest, scaled = scaled_exp(table.clone())
    assert largest.tolist() == [0.0, 9.0]
    least = torch.finfo(dtype).tiny ** (1 / 3)
    expected = [[1, math.exp(-1), least], [math.exp(-2), 1, math.exp(-4)]]
    # Rounding, 700 times that of the exponent at the floor.
    close = 1e3 * torch.finfo(dtype).eps
    torch.testing.assert_close(scaled, torch.tensor(expected, dtype=dtype), rtol=close, atol=0)


def test_shared_points_are_unbiased_for_the_evidence_and_their_log_lies_below(model):
    x = binary(6, 12)
    truth = log_evidence(model, x, Grid(7.0, 0.05))
    model = model.float()
    with torch.no_grad():
        bounds = torch.stack(
            [shared_points_bound(model, x.float(), 16, draws(seed)) for seed in range(400)]
        ).double()
    ratios = torch.exp(bounds - truth)
    error = ratios.std(0) / math.sqrt(len(ratios))
    assert (error < 0.05).all()
    assert ((ratios.mean(0) - 1).abs() < 4 * error).all()
    assert (bounds.mean(0) < truth).all()


def test_a_spread_start_has_kinks_over_the_whole_plane():
    model = VAE(pixels=4, hidden=2000, latent=2)
    initialise(model, "spread", slope=6.0, reach=3.0, generator=draws())
    slopes = model.decoder_hidden.weight.norm(dim=1)
    torch.testing.assert_close(slopes, torch.full((2000,), 6.0))
    distances = -model.decoder_hidden.bias.detach() / 6.0
    # Uniform on [-3, 3]: standard deviation sqrt(3), with standard error 0.017 for 2,000 of them.
    assert distances.abs().max() <= 3.0
    assert abs(distances.std() - math.sqrt(3)) < 0.1


def test_a_published_start_is_pytorchs():
    model = VAE(pixels=400, hidden=300, latent=2)
    initialise(model, "published", slope=6.0, reach=3.0, generator=draws())
    for layer in (model.encoder_hidden, model.decoder_hidden, model.decoder_out):
        bound = layer.in_features**-0.5
        for values in (layer.weight, layer.bias):
            assert values.abs().max() <= bound
            assert values.abs().max() > 0.97 * bound


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="zeros"):
        initialise(VAE(4, 3, 2), "zeros", 1.0, 1.0, draws())
