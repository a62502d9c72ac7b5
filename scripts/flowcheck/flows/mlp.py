"""Perceptrons for coupling layers: several independent networks evaluated as one.

A coupling needs `nets` networks of the same size on the same input (RealNVP: one for the scale,
one for the shift). Their weights lie side by side, shape [..., nets, in, out], so that a layer of
all of them is one batched matrix product.
"""

import math
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn import functional

from flowcheck.flows.base import Params


def _silu(x: Tensor) -> Tensor:
    """x sigmoid(x). Compiled from its parts, so that its derivatives use the sigmoid once more."""
    return x * torch.sigmoid(x) if torch.compiler.is_compiling() else functional.silu(x)


ACTIVATIONS = {"relu": functional.relu, "silu": _silu, "tanh": torch.tanh}
# Each network's masks, one [in, out] for each of its layers: which weights count.
Masks = list[Tensor]


def initial_mlp(
    name: str, nets: int, sizes: list[int], generator: Generator, zero_last: bool
) -> Params:
    """Parameters of `nets` perceptrons with layers of `sizes` = [in, hidden..., out].

    Each entry is uniform on +-1/sqrt(in), as PyTorch initialises its Linear layers. `zero_last`
    zeroes the output layer, so that each network starts as the zero function.
    """
    params = {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        limit = 0.0 if zero_last and layer == len(sizes) - 2 else 1 / math.sqrt(n_in)
        for part, shape in (("weight", (n_in, n_out)), ("bias", (1, n_out))):
            uniform = torch.rand(nets, *shape, generator=generator)
            params[f"{name}.{part}{layer}"] = limit * (2 * uniform - 1)
    return params


def mlp(
    params: Params, name: str, layers: int, x: Tensor, activation: str, masks: Masks | None = None
) -> Tensor:
    """The networks `name`, of `layers` linear layers: x [..., S, in] -> [..., nets, S, out]."""
    hidden = x.unsqueeze(-3)
    for layer in range(layers):
        hidden = linear(hidden, *_layer(params, name, layer, masks))
        if layer < layers - 1:
            hidden = ACTIVATIONS[activation](hidden)
    return hidden


def mlp_jacobian(
    params: Params, name: str, layers: int, x: Tensor, activation: str, masks: Masks | None = None
) -> Tensor:
    """d output / d input of the same networks, [..., nets, S, in, out].

    Carried forward along the layers: `in` times what the networks themselves cost.
    """
    hidden = x.unsqueeze(-3)
    for layer in range(layers):
        weight, bias = _layer(params, name, layer, masks)
        hidden = linear(hidden, weight, bias)
        if layer == 0:
            tangent = weight.unsqueeze(-3).expand(*hidden.shape[:-1], *weight.shape[-2:])
        else:
            rows = tangent.flatten(-3, -2) @ weight
            tangent = rows.unflatten(-2, tangent.shape[-3:-1])
        if layer < layers - 1:
            hidden, pull_back = torch.func.vjp(ACTIVATIONS[activation], hidden)
            (slope,) = pull_back(torch.ones_like(hidden))
            tangent = tangent * slope.unsqueeze(-2)
    return tangent


def _layer(params: Params, name: str, layer: int, masks: Masks | None) -> tuple[Tensor, Tensor]:
    weight, bias = params[f"{name}.weight{layer}"], params[f"{name}.bias{layer}"]
    return weight if masks is None else weight * masks[layer].to(weight), bias


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x @ weight + bias, for x [..., S, in], weight [..., in, out], bias [..., 1, out].

    With a single input or output, as in two dimensions, a batched matrix product in eager mode
    takes two to three times as long as the products it consists of. The compiler knows that.
    """
    n_in, n_out = weight.shape[-2:]
    if not torch.compiler.is_compiling():
        if n_in == 1:
            return torch.addcmul(bias, x, weight)
        if n_out == 1:
            return (x * weight.mT).sum(-1, keepdim=True) + bias
    return x @ weight + bias
