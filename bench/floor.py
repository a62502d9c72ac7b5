"""The arithmetic floor: what a row would do if only its multiplications and additions took time.

A product of [m, k] with [k, n] is 2 m k n FLOP, and its gradient one such product for each of its
two factors that needs one. A coupling's networks on S draws take F = 2 S (sum of in x out) FLOP
forward. A step with the total gradient then takes

    3 F - f        forward, gradient of weights, gradient of inputs,

where f is the first layer of the networks that see the base draws, whose gradient nobody needs. The
path gradient needs the score, pulled back through each network in turn:

    4 F - f        the same, and the gradient of the inputs once more.

A layer with a single input or output, as in two dimensions, counts as the product it is, though it
may be computed otherwise. Everything else (the activations, the target, Adam) is left out, so the
floor is a bound that cannot be reached. The planar flow has no matrix product: its operations are
counted one by one, each elementary function as one, with twice the forward's for the gradient.
"""

import time
from collections.abc import Callable
from itertools import pairwise

import torch

from flowcheck import products

# Repeated for so long, three times, of which the fastest counts: a floor is what is possible.
SECONDS = 0.1


def matmul_flop(sizes: list[int], rows: int) -> int:
    """Forward FLOP of a perceptron with layers of `sizes` on `rows` inputs."""
    return sum(2 * rows * n_in * n_out for n_in, n_out in pairwise(sizes))


def coupling_flop(
    dim: int, blocks: int, hidden: list[int], nets: int, samples: int, gradient: str
) -> int:
    """FLOP of the matrix products in one step of one replicate; nets: per half coupling."""
    left, right = dim // 2, dim - dim // 2
    pairs = ((left, right), (right, left))
    halves = [nets * matmul_flop([a, *hidden, b], samples) for a, b in pairs]
    forward = blocks * sum(halves)
    first = nets * matmul_flop([left, hidden[0]], samples)
    return {"total": 3, "path": 4}[gradient] * forward - first


def planar_flop(dim: int, layers: int, samples: int, gradient: str) -> int:
    """Elementary operations in one step of one replicate."""
    forward = 4 * dim + 12  # w.z + b, its tanh, z + u_hat tanh, the determinant and its logarithm
    score = 12 * dim + 17  # the recursion of planar.Flow.forward_and_score
    return samples * layers * (3 * forward + (score if gradient == "path" else 0))


def flow_flop(flow: str, sizes: dict, dim: int, samples: int, gradient: str) -> int:
    """FLOP of one step of one replicate of a named flow of flowcheck's, of given sizes."""
    if flow == "planar":
        return planar_flop(dim, sizes["layers"], samples, gradient)
    nets = {"nice": 1, "realnvp": 2}[flow]
    return coupling_flop(dim, sizes["blocks"], sizes["hidden"], nets, samples, gradient)


def hmc_flop(leapfrog_steps: int) -> int:
    """Operations of one draw of one chain on the banana: gradient 13, momentum 4, position 4."""
    return leapfrog_steps * 21


def vae_flop(pixels: int, hidden: int, latent: int, images: int) -> int:
    """FLOP of the matrix products in one epoch of the ELBO: 3 F, less the pixels' own gradient."""
    encoder = matmul_flop([pixels, hidden, 2 * latent], images)
    decoder = matmul_flop([latent, hidden, pixels], images)
    return 3 * (encoder + decoder) - matmul_flop([pixels, hidden], images)


def matmul_rate(batch: int, m: int, k: int, n: int, dtype=torch.float32) -> float:
    """FLOP per second of batched products [m, k] x [k, n] on one thread, measured.

    Of PyTorch's own product (MKL's, in its x86 builds) and, for a single one in float32, oneDNN's,
    the faster: what is possible is not for the library at hand to say.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    a, b = torch.randn(batch, m, k, dtype=dtype), torch.randn(batch, k, n, dtype=dtype)
    out = torch.empty(batch, m, n, dtype=dtype)
    ways = [lambda: torch.bmm(a, b, out=out)]
    if batch == 1 and dtype == torch.float32 and (operation := products.onednn()):
        left, right = a[0], b[0].T.contiguous()
        ways.append(lambda: operation(left, right, None, "none", [], ""))
    rates = [2 * batch * m * k * n * calls_per_second(way) for way in ways]
    torch.set_num_threads(threads)
    return max(rates)


def calls_per_second(function: Callable[[], object]) -> float:
    """The fastest of four repetitions, of which the first warms up and is never the fastest."""
    rates = []
    for _ in range(4):
        count, began = 0, time.perf_counter()
        while (seconds := time.perf_counter() - began) < SECONDS:
            function()
            count += 1
        rates.append(count / seconds)
    return max(rates)
