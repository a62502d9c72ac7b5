"""A variational autoencoder for binary vectors, and the bounds it is trained on.

Kingma & Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv 1312.6114), appendix C: one hidden
layer each way, prior N(0, I), approximate posterior N(mean(x), diag sigma(x)^2), Bernoulli pixels.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from flowcheck.gaussian import standard_normal_log_prob
from flowcheck.products import linear

# Iterations, and the first guess, that take a root in [1.3, 1.7] to all of float64's digits.
ROOT_ITERATIONS, FIRST_ROOT = 50, 2.0


class VAE(nn.Module):
    """pixels -> hidden -> (mean, log sigma) of the latent z, and z -> hidden -> logits of pixels.

    Its parameters are unset until `initialise` or a state dictionary sets them.
    """

    def __init__(self, pixels: int, hidden: int, latent: int):
        super().__init__()
        self.pixels, self.hidden, self.latent = pixels, hidden, latent
        self.encoder_hidden = nn.utils.skip_init(nn.Linear, pixels, hidden)
        self.encoder_out = nn.utils.skip_init(nn.Linear, hidden, 2 * latent)
        self.decoder_hidden = nn.utils.skip_init(nn.Linear, latent, hidden)
        self.decoder_out = nn.utils.skip_init(nn.Linear, hidden, pixels)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log sigma, each [..., latent], of q(z | x); x [..., pixels]."""
        first = self.encoder_hidden
        hidden = F.relu(linear(x, first.weight, first.bias))
        return self.encoder_out(hidden).chunk(2, dim=-1)

    def decode(self, z: Tensor) -> Tensor:
        """Logits [..., pixels] of the Bernoulli pixels; z [..., latent]."""
        last = self.decoder_out
        return linear(F.relu(self.decoder_hidden(z)), last.weight, last.bias)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x_b | z_kb) [K, B]; x [B, pixels] of 0 and 1, z [K, B, latent]."""
        return BernoulliLogLikelihood.apply(x, self.decode(z))

    def log_likelihood_table(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x_b | z_g) [B, G] of every image at every point; z [G, latent].

        Cheap for points that lie close together: few features, and pixels only meet those.
        """
        features, weight = self.features(z)
        log_normaliser = F.softplus(features @ weight).sum(-1)
        return torch.addmm(-log_normaliser, x @ weight.T, features.T)

    def features(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """f [G, F] and w [F, pixels] with f w the logits decode(z) at the points z [G, latent].

        A hidden unit is affine on z unless its kink runs through the box around the points. All
        the affine ones together are one affine map of z, hence F = 1 + latent + the number of the
        others.
        """
        hidden, out = self.decoder_hidden, self.decoder_out
        low, high = z.aminmax(dim=0)
        centre = (low + high) / 2
        # Each unit's value in the middle of the box around the points, and how far it varies there.
        middle = hidden(centre)
        reach = hidden.weight.abs() @ (high - centre)
        bent = (middle.abs() < reach).nonzero().squeeze(1)
        level = F.relu(middle).index_fill(0, bent, 0.0)
        slope = hidden.weight.T * (middle >= reach)
        kinked = F.relu(F.linear(z, hidden.weight[bent], hidden.bias[bent]))
        features = torch.cat([torch.ones_like(z[:, :1]), z - centre, kinked], 1)
        weight = torch.cat([out(level)[None], F.linear(slope, out.weight), out.weight.T[bent]])
        return features, weight


class BernoulliLogLikelihood(torch.autograd.Function):
    """sum_d x_d l_d - softplus(l_d) [K, B] for x [B, D], logits l [K, B, D].

    Its gradient in l, x - sigmoid(l), is written out: autograd would keep and reread two more
    arrays of the size of l, the largest there are.
    """

    @staticmethod
    def forward(ctx, x, logits):
        ctx.save_for_backward(x, logits)
        return (logits * x).sum(-1) - F.softplus(logits).sum(-1)

    @staticmethod
    def backward(ctx, gradient):
        x, logits = ctx.saved_tensors
        return None, (x - torch.sigmoid(logits)).mul_(gradient.unsqueeze(-1))


def initialise(model: VAE, init: str, slope: float, reach: float, generator: Generator) -> None:
    """Set the parameters of `model` from `generator`.

    init "published": every layer as PyTorch's Linear, uniform within 1 / sqrt(inputs).
    init "spread": the decoder's first layer instead has unit w of random direction and

        h(z) = relu(slope * (w . z - r)),  r uniform on [-reach, reach],

    so that its kinks cross the whole latent plane. A map of two inputs learns its coarse features
    first and its fine ones very slowly (Rahaman et al., "On the Spectral Bias of Neural Networks",
    2019, arXiv 1806.08734); steep, well spread kinks make fine ones reachable.
    Raises ValueError for another init.
    """
    if init not in ("published", "spread"):
        raise ValueError(f"unknown init {init!r}: use published or spread")
    with torch.no_grad():
        for layer in (m for m in model.modules() if isinstance(m, nn.Linear)):
            bound = layer.in_features**-0.5
            layer.weight.uniform_(-bound, bound, generator=generator)
            layer.bias.uniform_(-bound, bound, generator=generator)
        if init == "spread":
            layer = model.decoder_hidden
            layer.weight.normal_(generator=generator)
            layer.weight.mul_(slope / layer.weight.norm(dim=1, keepdim=True))
            layer.bias.uniform_(-slope * reach, slope * reach, generator=generator)


def gaussian_log_prob(z: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """log N(z; mean, diag sigma^2), all [..., d] -> [...]."""
    scaled = (z - mean) * torch.exp(-log_sigma)
    return standard_normal_log_prob(scaled) - log_sigma.sum(-1)


def kl_to_prior(mean: Tensor, log_sigma: Tensor) -> Tensor:
    """KL(N(mean, diag sigma^2) || N(0, I)), [..., d] -> [...]; Kingma & Welling, appendix B."""
    return 0.5 * (mean.square() + torch.exp(2 * log_sigma) - 1 - 2 * log_sigma).sum(-1)


def scaled_exp(table: Tensor) -> tuple[Tensor, Tensor]:
    """The largest of each row [B], and exp(table - largest) [B, G] in the table's place.

    Terms below a ratio of 1e-13 to the largest (float32) count as that: for thousands of points,
    nothing beside rounding. Most points of a latent plane are such for any one image. Smaller terms
    would make gradients subnormal, their products with small probabilities, and Intel's processors
    multiply matrices of such numbers more than ten times slower. The floor leaves room for two more
    factors as small as itself.
    """
    largest = table.amax(1)
    floor = math.log(torch.finfo(table.dtype).tiny) / 3
    return largest, table.sub_(largest[:, None]).clamp_(min=floor).exp_()


def prior_points(latent: int, count: int, generator: Generator, device) -> Tensor:
    """`count` quasi-random points of N(0, I), [count, latent]: each is distributed as the prior.

    A Kronecker sequence with steps 1 / phi^j, phi the positive root of phi^(latent + 1) = phi + 1,
    shifted as a whole by a uniform draw modulo 1 (Cranley & Patterson 1976), then mapped through
    the normal quantile function.
    """
    phi = FIRST_ROOT
    for _ in range(ROOT_ITERATIONS):
        phi = (1 + phi) ** (1 / (latent + 1))
    steps = phi ** -torch.arange(1, latent + 1, dtype=torch.float64)
    lattice = torch.arange(count, dtype=torch.float64)[:, None] * steps
    shift = torch.rand(latent, generator=generator, device=device, dtype=torch.float64)
    uniform = torch.remainder(lattice.to(device) + shift, 1.0)
    tiny = torch.finfo(torch.float32).eps
    return torch.special.ndtri(uniform.clamp(tiny, 1 - tiny)).float()


def shared_points_bound(model: VAE, x: Tensor, points: int, generator: Generator) -> Tensor:
    """log (1/G) sum_g p(x_b | z_g) [B] over G = `points` prior points shared by all of x.

    Each mean is unbiased for p(x_b), so its log is a multi-sample bound in expectation (Burda et
    al. 2016) whose proposal is the prior: hopeless in many dimensions, tight in two, and cheap
    since decoding the points is shared by the batch.
    """
    z = prior_points(model.latent, points, generator, x.device)
    return SharedPoints.apply(x, model.decode(z))


class SharedPoints(torch.autograd.Function):
    """log mean_g exp(x_b . l_g - sum softplus(l_g)) [B] for x [B, D] and logits l [G, D].

    With responsibilities R_bg = p(z_g | x_b) among the points, its gradient in l is
    R^T x - (sum_b R_bg) sigmoid(l_g), written out to keep nothing else of the size [B, G].
    """

    @staticmethod
    def forward(ctx, x, logits):
        table = linear(x, logits, -F.softplus(logits).sum(-1))
        largest, scaled = scaled_exp(table)
        total = scaled.sum(1)
        ctx.save_for_backward(x, logits, scaled.div_(total[:, None]))
        return total.log() + largest - math.log(len(logits))

    @staticmethod
    def backward(ctx, gradient):
        x, logits, responsibility = ctx.saved_tensors
        weighted = responsibility * gradient[:, None]
        seen = linear(weighted.T, x.T)
        return None, seen.sub_(weighted.sum(0)[:, None] * torch.sigmoid(logits))
