"""What every step sees of a posterior, however it was written: a log density on R^dim.

An author's class names constrained parameters, or declares `dim`; maps one point, or batches of
them; gives a torch function, or NumPy values and gradients. docs/own-posterior.md has the contract.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Generator, Tensor

from flowcheck.calls import Calls, from_numpy
from flowcheck.declaration import declared
from flowcheck.expectations import completed
from flowcheck.model_errors import ModelError, nearest
from flowcheck.supports import scalars

# Starts of chains and paths, in unconstrained coordinates, are uniform on +-this: Stan's choice.
INIT_RADIUS = 2.0
NOT_DIFFERENTIABLE = (
    "is not differentiable: its result does not depend on the parameters through torch's functions "
    "(look for numpy, .detach(), .data, torch.no_grad, rounding or comparisons)"
)


class Posterior:
    """An unnormalised log density on R^dim, with names for its constrained parameters.

    model: an instance of a target's class; file: where that class is defined, for messages.
    Raises ModelError if what the class declares does not fit together.

    dim: coordinates of u; named: whether the parameters have names of their own;
    names, coordinates: of the parameters, and of their constrained scalars ("beta[0]").
    """

    def __init__(self, model, file: str):
        self.model, self.file = model, file
        self.parameters, self.dim = declared(model, file)
        self.batched = bool(getattr(model, "batched", False))
        self._call = Calls(model, file)
        self.from_numpy = hasattr(model, "value_and_grad")
        self.named = self.parameters is not None or hasattr(model, "constrain")
        self.shapes = self._call.shapes = self._shapes()
        self.names = list(self.shapes)
        self.coordinates = [
            one for name, shape in self.shapes.items() for one in scalars(name, shape)
        ]

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        if self.parameters is not None:
            return {one.name: one.shape for one in self.parameters}
        if self.named:
            found = self._own_constrain(np.zeros((1, self.dim)))
            return {name: value.shape[1:] for name, value in found.items()}
        return {"theta": (self.dim,)}

    # The density.

    def log_density(self, u: Tensor) -> Tensor:
        """log p(data, value(u)) + log |d value / d u|, all constants kept; u [..., dim] -> [...].

        Computed and returned in float64, whatever the precision of u. May be NaN.

        Raises ModelError for what the model's function raises, and for another shape than [...].
        """
        u = u.double()
        if self.from_numpy:
            return from_numpy(u, self._call.value_and_grad)
        if self.batched:
            return self._call("log_density", self._point, u)
        flat = u.reshape(-1, self.dim)
        if len(flat) == 0:
            return flat.sum(-1).reshape(u.shape[:-1])
        return self._call("log_density", torch.vmap(self._point), flat).reshape(u.shape[:-1])

    def _point(self, u: Tensor) -> Tensor:
        """The density at one point u [dim], or, where the model is batched, at any number."""
        if self.parameters is None:
            return self._call.scalar(self.model.log_density(u), u.shape[:-1])
        values, log_det = {}, 0.0
        for one, part in self._split(u):
            values[one.name], term = one.constrain(part)
            log_det = log_det if one.is_real else log_det + term
        return self._call.scalar(self.model.log_density(**values), u.shape[:-1]) + log_det

    def _split(self, u: Tensor) -> list:
        """Each parameter with its part of u."""
        parts = u.split([one.size for one in self.parameters], -1)
        return list(zip(self.parameters, parts, strict=True))

    @property
    def unconstrained_shapes(self) -> dict[str, tuple[int, ...]]:
        """Of each parameter's own coordinates on R^dim; {"theta": (dim,)} where names have none."""
        if self.parameters is None:
            return {"theta": (self.dim,)}
        return {one.name: one.inner for one in self.parameters}

    def split_by_name(self, u: Tensor) -> dict[str, Tensor] | None:
        """Each parameter's own part of u [..., dim], flat; None where `constrain` hides it."""
        if self.parameters is None:
            return None if self.named else {"theta": u}
        return {one.name: part for one, part in self._split(u)}

    def gradient(self, u: Tensor) -> Tensor:
        """Gradient of log_density; [..., dim] -> [..., dim]: the target's own, or by autograd."""
        if not hasattr(self.model, "gradient"):
            return self.value_and_gradient(u)[1]
        u = u.detach().double()
        own = self.model.gradient if self.batched else torch.vmap(self.model.gradient)
        flat = u if self.batched else u.reshape(-1, self.dim)
        found = self._call("gradient", own, flat).double()
        if found.shape != flat.shape:
            raise self._wrong("gradient", found.shape, flat.shape)
        return found.reshape(u.shape)

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """(log_density(u), gradient(u)), detached; in one pass unless the target has `gradient`."""
        if hasattr(self.model, "gradient"):
            with torch.no_grad():
                return self.log_density(u), self.gradient(u)
        with torch.enable_grad():
            u = u.detach().double().requires_grad_()
            value = self.log_density(u)
            if not value.requires_grad:
                raise ModelError(f"{self.place('log_density')}: log_density {NOT_DIFFERENTIABLE}")
            (gradient,) = torch.autograd.grad(value.sum(), u)
        return value.detach(), gradient

    # Between the unconstrained vector and the parameters.

    def constrain(self, u: Tensor) -> dict[str, Tensor]:
        """Each parameter by name, [..., *shape] for u [..., dim]; {"theta": u} without names."""
        if self.parameters is not None:
            return {one.name: one.constrain(part)[0] for one, part in self._split(u)}
        if not self.named:
            return {"theta": u}
        found = self._own_constrain(u.detach().reshape(-1, self.dim).cpu().double().numpy())
        tensors = {name: torch.from_numpy(value).to(u) for name, value in found.items()}
        leading = u.shape[:-1]
        return {
            name: value.reshape((*leading, *value.shape[1:])) for name, value in tensors.items()
        }

    def _own_constrain(self, u: np.ndarray) -> dict[str, np.ndarray]:
        """What the model's own `constrain` says of u [n, dim], by name."""
        found = self._call("constrain", self.model.constrain, u)
        arrays = {name: np.array(value, dtype=np.float64) for name, value in found.items()}
        for name, value in arrays.items():
            if value.shape[:1] != u.shape[:1]:
                raise self._wrong(f"constrain, for '{name}',", value.shape, (len(u), "..."))
        return arrays

    def log_jacobian(self, u: Tensor) -> Tensor:
        """log |d value / d u| of `constrain`, u [..., dim] -> [...].

        Raises ModelError where the target's own `constrain` hides it.
        """
        if self.parameters is None:
            if self.named:
                raise ModelError(
                    f"{self.place('constrain')}: the Jacobian of a target's own `constrain` "
                    "is not known: give approximations of it in the unconstrained space"
                )
            return torch.zeros_like(u[..., 0])
        return sum(one.constrain(part)[1] for one, part in self._split(u))

    def flat(self, u: Tensor) -> Tensor:
        """Constrained scalars in the order of `coordinates`; [..., dim] -> [..., coordinates]."""
        axes = u.ndim - 1
        values = self.constrain(u).values()
        return torch.cat(
            [v.flatten(axes) if v.ndim > axes else v.unsqueeze(-1) for v in values], -1
        )

    def unconstrain(self, named: dict) -> Tensor:
        """The inverse of `constrain`: {name: [..., *shape]} -> [..., dim], float64.

        Raises ModelError for missing, unknown or misshapen arrays, and for values outside of a
        support; and where the target's own `constrain` comes without an `unconstrain`.
        """
        for name in self.names:
            if name not in named:
                raise ModelError(f"no array for the parameter '{name}'{nearest(name, named)}")
        for name in named:
            if name not in self.shapes:
                raise ModelError(f"'{name}' is not a parameter{nearest(name, self.names)}")
        values, leading = {}, None
        for name, shape in self.shapes.items():
            value = values[name] = torch.as_tensor(np.asarray(named[name]), dtype=torch.float64)
            axes = max(value.ndim - len(shape), 0)
            leading = value.shape[:axes] if leading is None else leading
            if value.shape != (*leading, *shape):
                raise ModelError(
                    f"'{name}' has shape {tuple(value.shape)} and should have "
                    f"{(*leading, *shape)}: leading axes, then the parameter's own"
                )
        if self.parameters is None:
            return self._own_unconstrain(values)
        parts = {one.name: one.unconstrain(values[one.name]) for one in self.parameters}
        for name, part in parts.items():
            if not bool(part.isfinite().all()):
                raise ModelError(f"'{name}' has values outside of its support, or not finite")
        return torch.cat(list(parts.values()), -1)

    def _own_unconstrain(self, values: dict[str, Tensor]) -> Tensor:
        if not self.named:
            return values["theta"]
        if not hasattr(self.model, "unconstrain"):
            raise ModelError(
                f"{self.place('constrain')}: the target has a `constrain` of its own and no "
                "`unconstrain({name: [n, ...]}) -> [n, dim]`, which draws by name need"
            )
        arrays = {name: value.numpy() for name, value in values.items()}
        found = self._call("unconstrain", self.model.unconstrain, arrays)
        return torch.from_numpy(np.array(found, dtype=np.float64))

    # The truth, where the target knows it.

    @property
    def moments(self) -> dict[str, Callable]:
        """Functions theta [..., dim] -> [...] by name, whose means `exact` may list as moments."""
        return getattr(self.model, "moments", {})

    def exact(self) -> dict:
        """What the target knows exactly: {}, or any of log_evidence, log_evidence_se, method,
        tolerance, mean, variance, moments, and expectations {coordinate: {mean, sd}}.

        Raises ModelError for names or values that cannot be.
        """
        if not hasattr(self.model, "exact"):
            return {}
        found = self._call("exact", self.model.exact)
        try:
            return completed(found, self.shapes, self.coordinates)
        except ModelError as error:
            raise ModelError(f"{self.place('exact')}: {error}") from None

    def exact_draws(self, n: int, rng: np.random.Generator) -> np.ndarray | None:
        """Independent draws in unconstrained coordinates, [n, dim] float64; None if unavailable."""
        if not hasattr(self.model, "exact_draws"):
            return None
        found = self._call("exact_draws", self.model.exact_draws, n, rng)
        if found is None:
            return None
        try:
            u = self.unconstrain(found if isinstance(found, dict) else {"theta": found})
        except ModelError as error:
            raise ModelError(f"{self.place('exact_draws')}: in exact_draws, {error}") from None
        if u.shape != (n, self.dim):
            raise self._wrong("exact_draws", u.shape, (n, self.dim))
        return u.numpy()

    def describe(self) -> str | None:
        """A paragraph on the posterior for the report, or None."""
        if not hasattr(self.model, "describe"):
            return None
        return " ".join(str(self._call("describe", self.model.describe)).split())

    # Starts of samplers.

    @property
    def init_scale(self) -> float:
        """How far over-dispersed starts spread: a standard deviation if the target gives it."""
        return float(getattr(self.model, "init_scale", INIT_RADIUS))

    def starts(self, count: int, generator: Generator) -> Tensor:
        """Over-dispersed starts [count, dim], float64: normal with the target's own init_scale, or
        uniform on +-2 in unconstrained coordinates."""
        shape = (count, self.dim)
        if hasattr(self.model, "init_scale"):
            return self.init_scale * torch.randn(shape, generator=generator, dtype=torch.float64)
        return INIT_RADIUS * (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1)

    def place(self, function: str) -> str:
        """The file and the line where the target's `function` is, for messages."""
        return self._call.place(function)

    def _wrong(self, function: str, found: tuple, wanted: tuple) -> ModelError:
        """The error for a function that returned another shape than it should."""
        shape = ", ".join(map(str, wanted))
        return ModelError(
            f"{self.place(function.split(',')[0])}: {function} returned shape "
            f"{tuple(found)}, and should return ({shape})"
        )
