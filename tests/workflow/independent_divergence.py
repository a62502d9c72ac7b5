"""KL both ways of every trained replicate, by a sum over z, in NumPy alone.

It shares the formats of the files with the library and no code: the flows' maps are written out
here from the weights, the posterior from the data, and the rule is the trapezoidal one on a fixed
grid, z = reach sinh(u) / sinh(1), close about the origin and wide in the tails. Where all has
decayed at its ends that rule errs by less than any power of the spacing (Trefethen & Weideman,
SIAM Review 2014); for networks with kinks by its square.

    python tests/workflow/independent_divergence.py FOLDER    the study's output folder
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

# Points along each axis, how far they reach, and how much closer than the edge the middle is.
POINTS, REACH, STRETCH = 601, 40.0, 5.0
# Rows of the grid at once.
ROWS = 40


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0.0),
    "silu": lambda x: x * sigmoid(x),
    "tanh": np.tanh,
}


def network(weights, name, number, layers, x, settings):
    """The perceptron `name`, the `number`-th of those that lie together; x [n] -> [n]."""
    values = x[:, None]
    for layer in range(layers):
        values = values @ weights[f"{name}.weight{layer}"][number]
        values = values + weights[f"{name}.bias{layer}"][number]
        if layer < layers - 1:
            values = ACTIVATIONS[settings["activation"]](values)
    return values[:, 0]


def planar(weights, z, settings):
    log_det = np.zeros(len(z))
    for w, u, b in zip(weights["w"], weights["u"], weights["b"], strict=True):
        product = w @ u
        u = u + (np.logaddexp(0, product) - 1 - product) * w / (w @ w)
        tanh = np.tanh(z @ w + b)
        z = z + tanh[:, None] * u
        log_det = log_det + np.log1p((1 - tanh**2) * (w @ u))
    return z, log_det


def nice(weights, z, settings):
    left, right = z.T
    layers = len(settings["hidden"]) + 1
    for block, scale in enumerate(abs(weights["scale"])):
        right = right + network(weights, f"right{block}", 0, layers, left, settings)
        left = left + network(weights, f"left{block}", 0, layers, right, settings)
        left, right = left * scale[0], right * scale[1]
    return np.stack([left, right], -1), np.full(len(z), np.log(abs(weights["scale"])).sum())


def realnvp(weights, z, settings):
    halves, log_det = list(z.T), np.zeros(len(z))
    layers, bound = len(settings["hidden"]) + 1, settings["scale_bound"]
    for block in range(settings["blocks"]):
        for name, still, moved in (("right", 0, 1), ("left", 1, 0)):
            scale, shift = (
                network(weights, f"{name}{block}", i, layers, halves[still], settings)
                for i in (0, 1)
            )
            scale = scale if bound is None else bound * np.tanh(scale / bound)
            halves[moved] = halves[moved] * np.exp(scale) + shift
            log_det = log_det + scale
    return np.stack(halves, -1), log_det


FLOWS = {"planar": planar, "nice": nice, "realnvp": realnvp}


def banana(y, sigma_y, sigma_theta):
    """log p(theta | y), normalised by a sum over theta2 after theta1 is integrated out."""
    n, mean = len(y), y.mean()

    def unnormalised(theta):
        misfit = n * (mean - theta[:, 0] - theta[:, 1] ** 2) ** 2 / sigma_y**2
        return -0.5 * (misfit + (theta**2).sum(1) / sigma_theta**2)

    theta2 = np.linspace(-12 * sigma_theta, 12 * sigma_theta, 40_001)
    spread = sigma_theta**2 + sigma_y**2 / n
    shape = -0.5 * ((mean - theta2**2) ** 2 / spread + (theta2 / sigma_theta) ** 2)
    integral = np.exp(shape).sum() * (theta2[1] - theta2[0])
    # What integrating theta1 out left in front.
    precision = n / sigma_y**2 + 1 / sigma_theta**2
    log_normaliser = np.log(integral) + 0.5 * np.log(2 * np.pi / precision)
    return lambda theta: unnormalised(theta) - log_normaliser


def divergences(flow, weights, settings, log_p, points=POINTS):
    """KL(q|p), KL(p|q) and the masses of p and q, for one replicate's `weights`."""
    u = np.linspace(-STRETCH, STRETCH, points)
    axis = REACH * np.sinh(u) / np.sinh(STRETCH)
    weight = REACH * np.cosh(u) / np.sinh(STRETCH) * (u[1] - u[0])
    total = np.zeros(4)
    for start in range(0, points, ROWS):
        rows = slice(start, start + ROWS)
        z = np.stack(np.meshgrid(axis[rows], axis, indexing="ij"), -1).reshape(-1, 2)
        area = (weight[rows, None] * weight).ravel()
        log_base = -0.5 * (z**2).sum(1) - np.log(2 * np.pi)
        x, log_det = FLOWS[flow](weights, z, settings)
        log_pulled = log_p(x) + log_det
        log_ratio = log_pulled - log_base
        q, p = area * np.exp(log_base), area * np.exp(log_pulled)
        # Summed so that near a perfect fit nothing cancels: both masses are 1.
        reverse = np.where(abs(log_ratio) < 1e-3, 0.5 * log_ratio**2 + log_ratio**3 / 6, 0.0)
        reverse = np.where(reverse > 0, q * reverse, p - q - q * log_ratio)
        total += reverse.sum(), (p * log_ratio - p + q).sum(), p.sum(), q.sum()
    return tuple(total)


def of_study(folder):
    """(target, flow, replicate) -> what `divergences` finds, for each replicate of a study."""
    folder, found = Path(folder), {}
    config = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["config"]
    for target, model in config["targets"].items():
        y = np.load(folder / target / "data.npz")["y"]
        log_p = banana(y, model.get("sigma_y", 2.0), model.get("sigma_theta", 1.0))
        for flow, own in config["flows"].items():
            family = own.get("family", flow)
            usual = config["training"].get("recipe") or "default"
            recipe = config["recipes"][own.get("recipe", usual)]
            settings = recipe["families"].get(family, {}) | own
            stacked = load_file(folder / target / "flows" / flow / "model.safetensors")
            stacked = {name: value.astype(float) for name, value in stacked.items()}
            for r in range(len(next(iter(stacked.values())))):
                one = {name: value[r] for name, value in stacked.items()}
                found[target, flow, r] = divergences(family, one, settings, log_p)
    return found


if __name__ == "__main__":
    for name, values in of_study(sys.argv[1]).items():
        print(*name, *(f"{value:.9g}" for value in values))
