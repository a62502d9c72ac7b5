"""Training: that it climbs, that it can be cut off, and that it depends on nothing but its seed."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from flowcheck import vae_training
from flowcheck.bounds import Grid, log_evidence
from flowcheck.checkpoints import Checkpoint
from flowcheck.vae import VAE, initialise, prior_points
from flowcheck.vae_training import Recipe, evaluated_epochs, learning_rate_factor, train

RECIPE = Recipe(
    evidence_weight=0.5,
    points=64,
    batch=16,
    epochs=4,
    learning_rate=3e-3,
    schedule="cosine",
    weight_decay=0.0,
    init="spread",
    slope=2.0,
    reach=3.0,
    redraw=True,
)


def intensities(count=80, pixels=9):
    """Images of one bar each, at one of three places: something there is to learn."""
    generator = torch.Generator().manual_seed(0)
    place = torch.randint(3, (count,), generator=generator)
    images = torch.full((count, 3, 3), 0.05)
    images[torch.arange(count), place] = 0.95
    return images.reshape(count, pixels)


def trained(recipe=RECIPE, seed=1, **options):
    model = VAE(pixels=9, hidden=32, latent=2)
    train(model, intensities(), recipe, seed, **options)
    return model


def assert_same_weights(first, second):
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


class Killed(Exception):
    pass


def kill_after(last):
    def report(epoch, objective, model):
        if epoch == last:
            raise Killed

    return report


@pytest.mark.parametrize("weight", [0.0, 0.5, (0.9, 0.3)])
def test_a_run_taken_up_ends_at_the_same_weights(tmp_path, weight):
    recipe = replace(RECIPE, evidence_weight=weight)
    folder = tmp_path / "unfinished"
    with pytest.raises(Killed):
        trained(recipe, checkpoint=Checkpoint(folder), report=kill_after(2))
    epochs = []
    resumed = trained(
        recipe, checkpoint=Checkpoint(folder), report=lambda epoch, *_: epochs.append(epoch)
    )
    assert epochs == [2, 3, 4]  # killed while reporting the second: done again
    assert_same_weights(resumed, trained(recipe))


def test_seeds_have_noise_of_their_own(monkeypatch):
    seen, original = [], vae_training._Run

    def recording(model, optimiser, generator):
        seen.append(generator.initial_seed())
        return original(model, optimiser, generator)

    monkeypatch.setattr(vae_training, "_Run", recording)
    for seed in range(50):
        trained(replace(RECIPE, epochs=0), seed)
    assert len(set(seen)) == 50


def test_a_seed_gives_its_own_weights_every_time():
    assert_same_weights(trained(), trained())
    first, other = trained().state_dict(), trained(seed=2).state_dict()
    assert not torch.equal(first["decoder_out.weight"], other["decoder_out.weight"])


@pytest.mark.parametrize(
    "other", [{"recipe": replace(RECIPE, points=32)}, {"seed": 2}, {"made_by": "other code"}]
)
def test_a_checkpoint_of_another_run_is_passed_over(tmp_path, other):
    trained(checkpoint=Checkpoint(tmp_path, "this code"))
    checkpoint = Checkpoint(tmp_path, other.pop("made_by", "this code"))
    assert_same_weights(trained(**other, checkpoint=checkpoint), trained(**other))


@pytest.mark.parametrize(("epochs", "count"), [(100, 20), (100, 21), (3, 20), (5, 1), (7, 7)])
def test_evaluated_epochs_end_with_the_last_and_are_as_many_as_asked(epochs, count):
    chosen = evaluated_epochs(epochs, count)
    assert chosen[-1] == epochs
    assert min(chosen) >= 1
    assert len(set(chosen)) == len(chosen) >= min(count, epochs)


def test_evaluated_epochs_are_evenly_spread():
    assert evaluated_epochs(10, 4) == [1, 4, 7, 10]
    assert evaluated_epochs(9, 3) == [1, 5, 9]
    assert evaluated_epochs(5, 1) == [1, 5]


def test_the_model_goes_where_the_images_are(monkeypatch):
    went = []
    monkeypatch.setattr(VAE, "to", lambda self, device: went.append(device))
    trained(replace(RECIPE, epochs=0))
    assert went == [torch.device("cpu")]


@pytest.mark.parametrize("weight", [0.0, 0.25])
def test_a_step_climbs_the_weighted_mean_of_the_elbo_and_the_evidence(weight):
    model, x = VAE(pixels=9, hidden=8, latent=2), intensities(6).round()
    initialise(model, "spread", 2.0, 3.0, torch.Generator().manual_seed(0))
    found = vae_training._ascend(model, x, weight, 16, torch.Generator().manual_seed(1))
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    # The same by torch's distributions, with noise and then points of the same generator.
    generator = torch.Generator().manual_seed(1)
    mean, log_sigma = model.encode(x)
    z = mean + log_sigma.exp() * torch.randn(mean.shape, generator=generator)
    apart = kl_divergence(Normal(mean, log_sigma.exp()), Normal(0.0, 1.0)).sum(-1)
    expected = Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1) - apart
    if weight:
        points = model.decode(prior_points(2, 16, generator, "cpu"))
        table = Bernoulli(logits=points).log_prob(x[:, None]).sum(-1)
        evidence = table.logsumexp(1) - math.log(16)
        expected = (1 - weight) * expected + weight * evidence
    (-expected.mean()).backward()
    # float32, and terms below 1e-13 of the largest that count as that.
    torch.testing.assert_close(found, expected.mean().detach(), rtol=1e-5, atol=1e-5)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weight", [0.0, 0.5, (0.9, 0.3)])
def test_training_learns_the_images(weight):
    images = intensities()
    binary = torch.bernoulli(images, generator=torch.Generator().manual_seed(9))
    recipe = replace(RECIPE, evidence_weight=weight, epochs=80, learning_rate=1e-2)
    learnt = log_evidence(trained(recipe), binary, Grid(6.0, 0.1)).mean().item()
    # Pixels independent, each with the mean it has over all images: the best without a latent.
    mean = images.mean(0)
    alone = (binary * mean.log() + (1 - binary) * (1 - mean).log()).sum(1).mean().item()
    # The truth, an even mixture of three places: what no model can beat by more than it over-fits.
    places = torch.full((3, 3, 3), 0.05)
    places[torch.arange(3), torch.arange(3)] = 0.95
    means = places.reshape(3, 9)
    joint = binary @ means.log().T + (1 - binary) @ (1 - means).log().T
    truth = (torch.logsumexp(joint, 1) - torch.log(torch.tensor(3.0))).mean().item()
    assert learnt - alone > 0.8 * (truth - alone)


@pytest.mark.parametrize("redraw", [True, False])
def test_images_are_made_binary_anew_only_if_asked(monkeypatch, redraw):
    seen = []
    original = vae_training._ascend

    def spy(model, x, *rest):
        seen.append(x)
        return original(model, x, *rest)

    monkeypatch.setattr(vae_training, "_ascend", spy)
    trained(replace(RECIPE, redraw=redraw, batch=80, epochs=2))
    first, second = (x.sum(0) for x in seen)
    if redraw:
        assert set(seen[0].unique().tolist()) == {0.0, 1.0}
        assert not torch.equal(first, second)
    else:
        torch.testing.assert_close(first, intensities().sum(0))
        torch.testing.assert_close(second, intensities().sum(0))


def test_the_schedule_warms_up_and_ends_at_zero():
    factors = [learning_rate_factor("cosine", step, 10, 100) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[100] == pytest.approx(0.0, abs=1e-12)
    assert max(factors) > 0.97
    assert all(a > b for a, b in itertools.pairwise(factors[10:]))
    assert learning_rate_factor("constant", 3, 10, 100) == 1.0


@pytest.mark.parametrize(
    ("given", "progress", "weight"),
    [(0.5, 0.3, 0.5), (0, 1.0, 0), ((0.9, 0.3), 0.0, 0.9), ([0.9, 0.3], 0.75, 0.45)],
)
def test_the_evidence_weight_moves_evenly(given, progress, weight):
    recipe = replace(RECIPE, evidence_weight=given)
    assert recipe.evidence_weight_at(progress) == pytest.approx(weight)


def test_every_image_is_seen_once_an_epoch_but_for_what_fills_no_batch(monkeypatch):
    seen = []
    ascend = vae_training._ascend
    monkeypatch.setattr(
        vae_training, "_ascend", lambda model, x, *rest: seen.append(x) or ascend(model, x, *rest)
    )
    images = torch.arange(80.0).reshape(80, 1).expand(80, 9) / 80
    train(VAE(9, 32, 2), images, replace(RECIPE, epochs=2, batch=24, redraw=False), 1)
    assert [x.shape for x in seen] == 6 * [(24, 9)]
    for epoch in (seen[:3], seen[3:]):
        assert len(torch.cat(epoch)[:, 0].unique()) == 72
    assert not torch.equal(seen[0], seen[3])


def test_the_weight_moves_while_training_goes_on(monkeypatch):
    weights = []
    ascend = vae_training._ascend

    def watched(model, x, weight, *rest):
        weights.append(weight)
        return ascend(model, x, weight, *rest)

    monkeypatch.setattr(vae_training, "_ascend", watched)
    trained(replace(RECIPE, evidence_weight=(0.9, 0.3)))
    steps = len(weights)
    assert weights == pytest.approx([0.9 - 0.6 * step / steps for step in range(steps)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"evidence_weight": 1.0}, "evidence weight 1.0"),
        ({"evidence_weight": (0.5, 1.0)}, r"evidence weight \(0.5, 1.0\)"),
        ({"schedule": "linear"}, "linear"),
        ({"batch": 81}, "80 images do not fill one batch of 81"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        trained(replace(RECIPE, **change))


def test_an_objective_that_is_not_finite_stops_the_run():
    with pytest.raises(FloatingPointError, match="epoch 1"):
        trained(replace(RECIPE, evidence_weight=0.0, learning_rate=1e30))
