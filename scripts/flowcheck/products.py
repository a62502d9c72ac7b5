"""Float32 matrix products by the faster of the two libraries that PyTorch's CPU builds bring.

PyTorch multiplies float32 matrices by Intel's MKL, which runs its AVX2 code on AMD processors
whatever they have. oneDNN, in the same builds, uses AVX-512 there: up to twice as fast where the
processor's units are that wide (Zen 5), and a tenth where they are half as wide (Zen 4). Nowhere
else is anything changed. The two round differently, as any two orders of summation do.
"""

from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

# Multiplications from which oneDNN is faster: below, what it does before the first one tells.
SMALLEST = 1 << 25
CPU_FACTS = Path("/proc/cpuinfo")


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight^T + bias, [..., out]; x [..., in], weight [out, in], bias [out]. Differentiable."""
    rows = x.numel() // max(x.shape[-1], 1)
    if rows * weight.numel() < SMALLEST or not _suits(x, weight, bias):
        return F.linear(x, weight, bias)
    product = _Linear.apply(x.reshape(rows, -1), weight, bias)
    return product.reshape(*x.shape[:-1], len(weight))


@cache
def onednn_is_faster() -> bool:
    """Whether this is an AMD processor with AVX-512, and PyTorch has MKL and the operation."""
    if not (torch.backends.mkl.is_available() and torch.backends.mkldnn.is_available()):
        return False
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or onednn() is None:
        return False
    try:
        return "AuthenticAMD" in CPU_FACTS.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux
        return False


@cache
def onednn():
    """PyTorch's own name for x weight^T + bias by oneDNN, or None: it is no public operation.

    Tried once: one of another signature counts as missing too.
    """
    try:
        operation = torch.ops.mkldnn._linear_pointwise
        x = torch.ones(2, 3)
        found = operation(x, x, torch.ones(2), "none", [], "")
    except (AttributeError, RuntimeError, TypeError):
        return None
    return operation if torch.equal(found, torch.full((2, 2), 4.0)) else None


def _suits(*tensors: Tensor | None) -> bool:
    given = [t for t in tensors if t is not None]
    return onednn_is_faster() and all(t.is_cpu and t.dtype == torch.float32 for t in given)


def _product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return onednn()(x, weight, bias, "none", [], "")


class _Linear(torch.autograd.Function):
    """x [N, in], weight [out, in], bias [out] or None -> [N, out], by oneDNN in both directions."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        return (
            _product(gradient, weight.T) if of_x else None,
            _product(gradient.T, x.T) if of_weight else None,
            gradient.sum(0) if of_bias else None,
        )
