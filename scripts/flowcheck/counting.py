"""Counts an algorithm's evaluations of a posterior: a cost that does not depend on the machine."""

from torch import Tensor


class Counted:
    """A posterior that counts the points at which it is evaluated; otherwise it is the posterior.

    gradients: points at which density and gradient were asked for together; densities: points at
    which the density alone was. A batch of n points counts n.
    """

    def __init__(self, posterior):
        self._posterior = posterior
        self.gradients = self.densities = 0

    def __getattr__(self, name: str):
        return getattr(self._posterior, name)

    def log_density(self, u: Tensor) -> Tensor:
        """The posterior's own, [..., dim] -> [...]."""
        value = self._posterior.log_density(u)
        self.densities += value.numel()
        return value

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The posterior's own, [..., dim] -> ([...], [..., dim])."""
        value, gradient = self._posterior.value_and_gradient(u)
        self.gradients += value.numel()
        return value, gradient
