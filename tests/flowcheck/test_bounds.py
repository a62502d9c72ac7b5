"""The bounds and the quadrature on a linear-Gaussian model, where everything has a closed form."""

import itertools
import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from flowcheck import bounds
from flowcheck.bounds import (
    Grid,
    elbo_of_each,
    log_evidence,
    log_weights,
    multisample_bounds,
    settle_grid,
)

DIM = 5


class LinearGaussian:
    """z ~ N(0, I_2), x | z ~ N(W z, noise^2 I_5), W with orthogonal columns.

    The posterior is then N(mean(x), diag sigma^2); the encoder gives it with its mean moved by
    `shift` sigmas and its sigma multiplied by `stretch`, in both coordinates.
    """

    def __init__(self, shift=0.0, stretch=1.0, noise=0.7, scale=1.0):
        generator = torch.Generator().manual_seed(3)
        columns = torch.linalg.qr(torch.randn(DIM, 2, generator=generator, dtype=torch.float64))[0]
        self.weight = columns * torch.tensor([1.0, 2.0], dtype=torch.float64) * scale
        self.noise, self.shift, self.stretch = noise, shift, stretch

    def posterior(self, x):
        precision = 1 + self.weight.square().sum(0) / self.noise**2
        return x @ self.weight / self.noise**2 / precision, precision.rsqrt()

    def encode(self, x):
        mean, sigma = self.posterior(x)
        log_sigma = (sigma * self.stretch).log().expand_as(mean)
        return mean + self.shift * sigma, log_sigma

    def log_likelihood(self, x, z):
        misfit = (x - z @ self.weight.T).square().sum(-1) / self.noise**2
        return -0.5 * misfit - DIM * (math.log(self.noise) + 0.5 * math.log(2 * math.pi))

    def log_likelihood_table(self, x, z):
        return self.log_likelihood(x[:, None], z)

    def log_evidence(self, x):
        identity = torch.eye(DIM, dtype=torch.float64)
        covariance = self.weight @ self.weight.T + self.noise**2 * identity
        return MultivariateNormal(torch.zeros(DIM, dtype=torch.float64), covariance).log_prob(x)

    def kl(self):
        """KL(q || posterior), the same for every x: two coordinates, in units of sigma."""
        per_coordinate = 0.5 * (self.stretch**2 + self.shift**2 - 1) - math.log(self.stretch)
        return 2 * per_coordinate

    def chi_square(self):
        """E_q (posterior / q)^2 - 1 for N(0, 1) and q = N(shift, stretch^2), squared for two."""
        s2 = self.stretch**2
        one = s2 / math.sqrt(2 * s2 - 1) * math.exp(self.shift**2 / (2 * s2 - 1))
        return one**2 - 1


def images(model, count=300):
    generator = torch.Generator().manual_seed(5)
    z = torch.randn(count, 2, generator=generator, dtype=torch.float64)
    noise = torch.randn(count, DIM, generator=generator, dtype=torch.float64)
    return z @ model.weight.T + model.noise * noise


def draws(seed=0):
    return torch.Generator().manual_seed(seed)


def test_quadrature_gives_the_evidence():
    model = LinearGaussian()
    x = images(model)
    # Posterior sigmas are 0.33 and 0.57: at spacing 0.1 the trapezoidal rule errs by
    # exp(-2 pi^2 (0.33 / 0.1)^2), far below the rounding of a sum over 15,000 points; the rim lies
    # 6 sigmas and more from every posterior's mean.
    for turned in (False, True):
        value = log_evidence(model, x, Grid(7.0, 0.1, turned))
        torch.testing.assert_close(value, model.log_evidence(x), atol=1e-8, rtol=0)


def in_order(points):
    """[G, 2] sorted, so that the rounding of a point does not change its place."""
    rounded = (points * 1e6).round().long().tolist()
    return points[sorted(range(len(points)), key=rounded.__getitem__)]


def test_a_better_grid_is_the_one_before_and_what_it_adds():
    grid = Grid(1.03, 0.1)  # no point lies on the rim of it or of the wider one
    assert len(grid.points()) == pytest.approx(math.pi * 1.03**2 / 0.1**2, rel=0.05)
    for step in (Grid.enlarged, Grid.refined, Grid.refined):
        better, added = step(grid)
        together = torch.cat([grid.points(), added])
        # Coordinates are below 2, with a few roundings each.
        torch.testing.assert_close(
            in_order(together), in_order(better.points()), atol=1e-14, rtol=0
        )
        distance = torch.cdist(together, together).fill_diagonal_(math.inf)
        assert distance.min() == pytest.approx(better.spacing, rel=1e-12)
        assert together.norm(dim=1).max() <= better.radius
        grid = better
    assert grid.radius == 1.25 * 1.03
    assert grid.spacing == pytest.approx(0.05)
    assert not grid.turned


def test_tiles_share_out_the_points_of_a_disc():
    points = Grid(4.0, 0.05, turned=True).points()  # 20,106 of them, to be cut in tiles of 1,024
    tiles = bounds.tiles(points)
    torch.testing.assert_close(in_order(torch.cat(tiles)), in_order(points), atol=0, rtol=0)
    assert len(tiles) < 2 * len(points) / bounds.POINTS_AT_ONCE  # some at the rim are cut
    # A diagonal lattice fits a square unevenly: a row or a column of 32 may be there or not.
    assert max(len(tile) for tile in tiles) < 1.07 * bounds.POINTS_AT_ONCE
    side = math.sqrt(bounds.POINTS_AT_ONCE) * 0.05
    for tile in tiles:
        assert (tile.amax(0) - tile.amin(0)).max() < 1.02 * side


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_log_sum_exp_of_terms_that_underflow(dtype):
    table = -1000 * torch.rand(5, 2000, generator=draws(), dtype=torch.float64)
    table[0, 3] = 90.0  # whose exponential overflows in float32
    table[1] = -5000.0
    table = table.to(dtype)
    value = bounds.log_sum_exp(table.clone()).double()
    # Rounding of values up to 5000, once; 2,000 terms of the least ratio are far below.
    tolerance = 5000 * torch.finfo(dtype).eps
    torch.testing.assert_close(value, table.double().logsumexp(1), atol=tolerance, rtol=0)


def test_too_coarse_and_too_small_a_grid_are_wrong_and_settle_grid_finds_a_better():
    model = LinearGaussian(noise=0.1, scale=3.0)  # posterior sigmas 0.033 and 0.017
    x = images(model, 40)
    x[0] += model.weight.sum(1) * 5  # an image whose posterior lies outside the first range
    truth = model.log_evidence(x)
    assert (log_evidence(model, x, Grid(5.0, 0.1)) - truth).abs().max() > 0.1
    grid, value, moved = settle_grid(model, x, tolerance=1e-4)
    assert grid.radius > 5.0
    assert grid.spacing < 0.1
    assert moved <= 1e-4
    # The check bounds the mean move per refinement, and each refinement beats the last by far.
    assert (value - truth).abs().mean() < 1e-3
    # The same points, summed in another order.
    torch.testing.assert_close(value, log_evidence(model, x, grid), atol=1e-10, rtol=0)
    # And no coarser grid would have done.
    coarser = Grid(grid.radius, grid.spacing * math.sqrt(2), not grid.turned)
    assert (log_evidence(model, x, coarser) - value).abs().mean() > 1e-4


def test_an_image_far_out_has_a_grid_as_wide_as_it_needs():
    model = LinearGaussian()
    x = images(model, 40)
    x[7] += model.weight.sum(1) * 6  # its posterior's mean lies some 7 from the origin
    truth, grid = model.log_evidence(x), Grid(6.0, 0.1)
    assert (log_evidence(model, x, grid) - truth)[7] < -1.0
    each = bounds.log_evidence_of_each(model, x, grid, tolerance=1e-6)
    # The rim that adds 1e-6 is the last, and each rim adds far less than the one before.
    torch.testing.assert_close(each, truth, atol=1e-6, rtol=0)


def test_an_image_beyond_every_grid_is_refused():
    model = LinearGaussian()
    x = images(model, 3)
    x[1] += model.weight.sum(1) * 40
    with pytest.raises(ValueError, match="not settled"):
        bounds.log_evidence_of_each(model, x, Grid(6.0, 0.1), tolerance=1e-6)


def test_a_posterior_too_narrow_for_any_grid_is_refused():
    model = LinearGaussian(noise=1e-3)
    with pytest.raises(ValueError, match="not settled"):
        settle_grid(model, images(model, 4), tolerance=1e-4)


def test_with_the_exact_posterior_every_bound_is_the_evidence():
    model = LinearGaussian()
    x = images(model)
    elbo, _, bound, bound_se = multisample_bounds(model, x, 50, draws())
    # Every weight equals p(x), so L_K has no noise; the ELBO's reconstruction term does.
    torch.testing.assert_close(bound, model.log_evidence(x), atol=1e-10, rtol=0)
    assert bound_se.max() < 1e-10
    assert (elbo - model.log_evidence(x)).mean().abs() < 0.05


def mean_and_error(value, se):
    """Mean over images, and its Monte Carlo error with the images held fixed."""
    return value.mean().item(), (se.square().sum().sqrt() / len(se)).item()


def test_elbo_lies_below_the_evidence_by_the_kl():
    model = LinearGaussian(shift=0.5, stretch=1.2)
    x = images(model)
    elbo, se, _, _ = multisample_bounds(model, x, 200, draws())
    gap, error = mean_and_error(model.log_evidence(x) - elbo, se)
    assert error < 0.01  # so that the next line can tell a KL of 0.33 from its half
    assert abs(gap - model.kl()) < 4 * error


def test_multisample_bounds_rise_to_the_evidence():
    # A proposal far off (KL 2.3), so that the steps of the ladder exceed its errors many times.
    model = LinearGaussian(shift=1.5, stretch=1.2)
    x = images(model, 3000)
    ladder = {}
    for k in (2, 8, 32, 128, 1000):
        _, _, bound, se = multisample_bounds(model, x, k, draws(k))
        ladder[k] = mean_and_error(model.log_evidence(x) - bound, se)
    gaps = [model.kl(), *(gap for gap, _ in ladder.values()), 0.0]
    assert all(upper > lower for upper, lower in itertools.pairwise(gaps))
    # For large K the gap is chi^2(posterior || q) / (2 K) (Domke & Sheldon 2018, theorem 3), with
    # terms of order 1 / K^2 left out: 15 % at most for these K.
    for k in (128, 1000):
        gap, error = ladder[k]
        expected = model.chi_square() / (2 * k)
        assert abs(gap - expected) < 4 * error + 0.15 * expected
        assert error < 0.4 * expected


@pytest.mark.parametrize("stretch", [1.2, 0.6])
def test_errors_are_as_large_as_they_say(stretch):
    # With 0.6 of the posterior's sigma, large weights are rare and have no variance.
    model = LinearGaussian(shift=0.5, stretch=stretch)
    x = images(model, 50)
    means, claims = [], []
    for seed in range(100):
        elbo, elbo_se, bound, bound_se = multisample_bounds(model, x, 50, draws(seed))
        means.append(torch.stack([elbo.mean(), bound.mean()]))
        claims.append(torch.stack([elbo_se.square().sum(), bound_se.square().sum()]) / len(x) ** 2)
    seen, claimed = torch.stack(means).var(0), torch.stack(claims).mean(0)
    # A variance from 100 repeats has a relative error of 0.14, more with heavy tails. The delta
    # method would fail: for the narrow proposal its variance is 2.6 times too small.
    assert ((seen / claimed - 1).abs() < 0.5).all(), (seen, claimed)


def test_log_weights_are_the_evidence_times_a_ratio_of_mean_one():
    model = LinearGaussian(shift=0.3, stretch=1.2)
    x = images(model, 3)
    log_r = log_weights(model, x, 5000, draws()) - model.log_evidence(x)
    assert log_r.shape == (5000, 3)
    # The mean of r is 1, with variance chi_square over 5000; that of -log r is the KL.
    error = math.sqrt(model.chi_square() / 5000)
    assert ((log_r.exp().mean(0) - 1).abs() < 4 * error).all()
    spread = log_r.std(0) / math.sqrt(5000)
    assert ((log_r.mean(0) + model.kl()).abs() < 4 * spread).all()


def test_log_weights_with_the_exact_posterior_are_the_evidence():
    model = LinearGaussian()
    x = images(model, 2)
    log_w = log_weights(model, x, 7, draws())
    assert torch.allclose(log_w, model.log_evidence(x).expand(7, 2), atol=1e-10)


@pytest.mark.parametrize("count", [1, 1200])  # more than are decoded together
def test_the_elbo_of_each_image_is_its_evidence_less_the_kl(count):
    model = LinearGaussian(shift=0.5, stretch=1.3)
    x = images(model, count)
    elbo, se = elbo_of_each(model, x, 50, draws(1))
    assert elbo.shape == se.shape == (count,)
    error = (elbo - (model.log_evidence(x) - model.kl())).abs()
    # Errors are themselves known to 1 / sqrt(2 * 49) of theirs, 10 %.
    assert (error < 6 * se).all()
    if count > 1:
        total = float(se.square().sum().sqrt())
        # Of as many squares of t, of 49 degrees of freedom: the mean is 49 / 47, known to 4 %.
        assert float((error / se).square().mean()) == pytest.approx(49 / 47, rel=0.2)
        assert abs(float((elbo - model.log_evidence(x) + model.kl()).sum())) < 4 * total
