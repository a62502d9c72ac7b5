"""Logistic regression on scikit-learn's breast cancer data; its evidence has no closed form."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

from flowcheck.densities import normal, normal_vector


def breast_cancer() -> dict:
    """x [569, 30], columns with mean 0 and variance 1; y [569], 1 for benign."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return {"x": (x - x.mean(0)) / x.std(0), "y": y.astype("float64")}


class Target:
    """data: x [n, p] and y [n] of zeros and ones; intercept and slopes ~ N(0, scale^2)."""

    batched = True

    def __init__(self, data: dict, scale: float = 1.0):
        data = data or breast_cancer()
        self.scale = scale
        self.x, y = torch.as_tensor(data["x"]), torch.as_tensor(data["y"])
        self.sign = 1 - 2 * y
        self.parameters = {"intercept": "real", "slopes": ("real", self.x.shape[1])}

    def log_density(self, intercept: Tensor, slopes: Tensor) -> Tensor:
        logits = intercept.unsqueeze(-1) + slopes @ self.x.T
        # log p(y) = -log(1 + exp(-logit)) where y = 1, and with the other sign where y = 0.
        likelihood = -softplus(self.sign * logits).sum(-1)
        prior = normal(intercept, 0.0, self.scale) + normal_vector(slopes, 0.0, self.scale)
        return likelihood + prior

    def describe(self) -> str:
        n, p = self.x.shape
        return (
            f"Logistic regression with {p} standardised columns and an intercept on {n} data; the "
            "columns are strongly correlated, and so are the slopes. No exact evidence is known."
        )
