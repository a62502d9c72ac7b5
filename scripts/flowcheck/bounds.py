"""The evidence log p(x) of a latent-variable model, by quadrature, and its lower bounds.

A model here is anything with

    encode(x) -> mean, log_sigma     of q(z | x), x [B, D] -> each [B, d]
    log_likelihood(x, z)             log p(x_b | z_kb) [K, B] of each image at its own z [K, B, d]
    log_likelihood_table(x, z)       log p(x_b | z_g) of every pair, z [G, d] -> [B, G]

and the prior N(0, I). With k importance weights w = p(x, z) / q(z | x), z ~ q,

    ELBO = E log w  <=  L_k = E log (1/k) sum_i w_i  <=  log p(x),

L_k rising in k to log p(x): Burda, Grosse & Salakhutdinov, "Importance Weighted Autoencoders",
2016 (arXiv 1509.00519), theorem 1. Sums over samples and grid points are done in float64.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.vae import gaussian_log_prob, kl_to_prior, scaled_exp

IMAGES_AT_ONCE = 10  # whose samples are drawn together
ELBO_IMAGES = 500  # decoded together, each at one sample
SAMPLES_AT_ONCE = 1000
POINTS_AT_ONCE = 1024  # for the grid, whose table is [images, points]: 10 MB
TABLE_IMAGES = 2500
PRIOR_RANGE = 4.0  # where the search for the grid starts; beyond lie 3e-4 of the prior's mass
COARSEST = 0.1
FINEST = 0.01
WIDEST = 20.0


@dataclass(frozen=True)
class Grid:
    """Points of a square lattice through 0, `spacing` apart, as far out as `radius`.

    Its rows run along the axes or, if `turned`, along the diagonals.
    """

    radius: float
    spacing: float
    turned: bool = False

    def points(self) -> Tensor:
        """[G, 2] float64."""
        return self._lattice(0.0)

    def enlarged(self) -> tuple["Grid", Tensor]:
        """A grid 1.25 times as wide, and the points [G, 2] that it adds to this one's."""
        wider = replace(self, radius=1.25 * self.radius)
        points = wider.points()
        return wider, points[points.norm(dim=1) > self.radius]

    def refined(self) -> tuple["Grid", Tensor]:
        """A grid of twice as many points, and the points [G, 2] that it adds to this one's.

        With the centres of its squares, a lattice is a lattice sqrt(2) times as fine, turned.
        """
        finer = Grid(self.radius, self.spacing / math.sqrt(2), not self.turned)
        return finer, self._lattice(0.5)

    def _lattice(self, shift: float) -> Tensor:
        steps = math.ceil(self.radius / self.spacing) + 1
        axis = (torch.arange(-steps, steps + 1, dtype=torch.float64) + shift) * self.spacing
        points = torch.cartesian_prod(axis, axis)
        if self.turned:
            x, y = points.T / math.sqrt(2)
            points = torch.stack([x - y, x + y], 1)
        return points[points.norm(dim=1) <= self.radius]


@torch.no_grad()
def multisample_bounds(
    model, x: Tensor, k: int, generator: Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(elbo, elbo_se, bound, bound_se) of L_k, each [B] in float64, from 2 k samples an image.

    L_k is estimated twice, by k samples each: `bound` is the mean of the two and `bound_se` half
    their distance, a poor error for one image but, its square being unbiased, a good one for a mean
    over many. The usual delta method, sd(w) / (mean(w) sqrt(k)), sees only weights that were drawn:
    where q misses part of the posterior it reads several times too small.
    The ELBO uses all 2 k samples, and its KL is analytic: only its reconstruction term is sampled.
    """
    parts = []
    for images in x.split(IMAGES_AT_ONCE):
        mean, log_sigma = model.encode(images)
        kl = kl_to_prior(mean.double(), log_sigma.double())
        log_likelihoods, bounds = [], []
        for _ in range(2):
            noise = torch.randn((k, *mean.shape), generator=generator, device=x.device)
            z = mean + log_sigma.exp() * noise
            log_likelihood = own_log_likelihood(model, images, z).double()
            log_ratio = standard_normal_log_prob(z) - gaussian_log_prob(z, mean, log_sigma)
            log_likelihoods.append(log_likelihood)
            bounds.append(torch.logsumexp(log_likelihood + log_ratio.double(), 0) - math.log(k))
        drawn = torch.cat(log_likelihoods)
        elbo, elbo_se = drawn.mean(0) - kl, drawn.std(0) / math.sqrt(2 * k)
        bound, bound_se = (bounds[0] + bounds[1]) / 2, (bounds[0] - bounds[1]).abs() / 2
        parts.append((elbo, elbo_se, bound, bound_se))
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


@torch.no_grad()
def elbo_of_each(model, x: Tensor, samples: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """(elbo, elbo_se), each [B] in float64, from `samples` draws an image: at least 2.

    For the mean over many images, whose number makes up for few draws of each.
    """
    parts = []
    for images in x.split(ELBO_IMAGES):
        mean, log_sigma = model.encode(images)
        drawn = []
        for _ in range(samples):
            noise = torch.randn(mean.shape, generator=generator, device=x.device, dtype=mean.dtype)
            z = (mean + log_sigma.exp() * noise)[None]
            drawn.append(model.log_likelihood(images, z)[0].double())
        drawn = torch.stack(drawn)
        elbo = drawn.mean(0) - kl_to_prior(mean.double(), log_sigma.double())
        parts.append((elbo, drawn.std(0) / math.sqrt(samples)))
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


@torch.no_grad()
def log_weights(model, x: Tensor, k: int, generator: Generator) -> Tensor:
    """log p(x, z) / q(z | x) of k draws of z for each image, [k, B] in float64."""
    mean, log_sigma = model.encode(x)
    parts = []
    for first in range(0, k, SAMPLES_AT_ONCE):
        count = min(SAMPLES_AT_ONCE, k - first)
        noise = torch.randn((count, *mean.shape), generator=generator, device=x.device)
        z = mean + log_sigma.exp() * noise
        log_prior = standard_normal_log_prob(z).double()
        log_q = gaussian_log_prob(z, mean, log_sigma).double()
        parts.append(own_log_likelihood(model, x, z).double() + log_prior - log_q)
    return torch.cat(parts)


def own_log_likelihood(model, x: Tensor, z: Tensor) -> Tensor:
    """log p(x_b | z_kb) [K, B] of each image at samples of its own, z [K, B, d].

    An image's samples lie close together, where a table is cheap: see `VAE.log_likelihood_table`.
    """
    each = [model.log_likelihood_table(x[b : b + 1], z[:, b])[0] for b in range(len(x))]
    return torch.stack(each, 1)


def log_evidence(model, x: Tensor, grid: Grid) -> Tensor:
    """log p(x) [B] in float64: the integral of p(x | z) p(z) over the latent plane.

    The trapezoidal rule on a uniform grid (its end weights are immaterial: the grid must reach to
    where the integrand has vanished).
    """
    return log_joint_sum(model, x, grid.points()) + 2 * math.log(grid.spacing)


def log_evidence_of_each(model, x: Tensor, grid: Grid, tolerance: float) -> Tensor:
    """log p(x) [B] as `log_evidence`, the grid enlarged for those images that need it.

    A grid settled on some images may cut off another's posterior: here it grows for an image until
    its rim adds no more than `tolerance` nats to that very image.
    Raises ValueError where one is not settled within the widest grid.
    """
    value = log_evidence(model, x, grid)
    log_area = 2 * math.log(grid.spacing)
    moved = torch.arange(len(x), device=x.device)
    while len(moved):
        if grid.radius > WIDEST:
            raise ValueError(f"log p(x) has not settled to {tolerance:g} nats on {grid}")
        grid, rim = grid.enlarged()
        before = value[moved]
        value[moved] = torch.logaddexp(before, log_joint_sum(model, x[moved], rim) + log_area)
        moved = moved[value[moved] - before > tolerance]
    return value


@torch.no_grad()
def log_joint_sum(model, x: Tensor, points: Tensor) -> Tensor:
    """log sum_g p(x_b, z_g) [B] in float64 over points [G, 2], evenly spread on a disc."""
    total = torch.full((len(x),), -math.inf, dtype=torch.float64, device=x.device)
    for z in tiles(points.to(x)):  # rounded to float32 with a model of float32
        log_prior = standard_normal_log_prob(z)
        for first in range(0, len(x), TABLE_IMAGES):
            images = slice(first, first + TABLE_IMAGES)
            log_joint = model.log_likelihood_table(x[images], z).add_(log_prior)
            total[images] = torch.logaddexp(total[images], log_sum_exp(log_joint).double())
    return total


def log_sum_exp(table: Tensor) -> Tensor:
    """log sum_g exp(table) [B] of a table [B, G], which is overwritten."""
    largest, scaled = scaled_exp(table)
    return scaled.sum(1).log() + largest


def tiles(points: Tensor) -> list[Tensor]:
    """The points [G, 2] of a disc, evenly spread, in square tiles of about POINTS_AT_ONCE."""
    area = math.pi * float(points.square().sum(1).max()) / len(points)
    row, column = (points / math.sqrt(POINTS_AT_ONCE * area)).floor().long().T
    rows = 1 + int(row.max() - row.min())
    _, tile, sizes = (rows * column + row).unique(return_inverse=True, return_counts=True)
    return points[tile.argsort(stable=True)].split(sizes.tolist())


def settle_grid(model, x: Tensor, tolerance: float) -> tuple[Grid, Tensor, float]:
    """The coarsest and smallest grid tried on which log p(x) of the images x stands.

    The disc is enlarged, then the lattice refined, until neither step moves log p(x) by more
    than `tolerance` nats (the mean over images of the absolute moves). Returns the grid as it was
    before the last, idle step of each kind, log p(x) [B] on it, and the larger of these two moves.
    Raises ValueError if the grid does not settle: a posterior too narrow or too far out.

    A grid keeps the points of the one before, so the whole search decodes only the points of the
    last grid tried: twice the settled one's, and its rim.
    """
    grid = Grid(PRIOR_RANGE, COARSEST)
    total = log_joint_sum(model, x, grid.points())
    moves = []
    # The range first: a grid that cuts a posterior off never settles by refining.
    for step in (Grid.enlarged, Grid.refined):
        while True:
            better, added = step(grid)
            if better.spacing < FINEST or better.radius > WIDEST:
                raise ValueError(f"log p(x) has not settled to {tolerance:g} nats on {grid}")
            checked = torch.logaddexp(total, log_joint_sum(model, x, added))
            log_area = 2 * math.log(better.spacing / grid.spacing)
            move = float((checked - total + log_area).abs().mean())
            if move <= tolerance:
                moves.append(move)
                break
            grid, total = better, checked
    return grid, total + 2 * math.log(grid.spacing), max(moves)
