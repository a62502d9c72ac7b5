"""How a user's functions are called: in float64, and with their exceptions put into words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from flowcheck.model_errors import ModelError, at_line, explain, line_of


@contextmanager
def double_precision() -> Iterator[None]:
    """New tensors are float64, and torch.distributions does not validate its arguments.

    Validation asks for values, which there are none of under vmap; an argument outside of a support
    has density zero or NaN either way.
    """
    dtype, validates = torch.get_default_dtype(), Distribution._validate_args
    torch.set_default_dtype(torch.float64)
    Distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        Distribution.set_default_validate_args(validates)


class Calls:
    """Calls the functions of one model; `shapes` of a point's arguments are told in messages."""

    def __init__(self, model, file: str):
        self.model, self.file = model, file
        self.shapes = {}

    def __call__(self, name: str, function: Callable, *arguments):
        """function(*arguments), which runs the model's function `name`.

        Raises ModelError for whatever it raises.
        """
        if torch.compiler.is_compiling():  # the compiler can follow neither context nor exception
            return function(*arguments)
        try:
            with double_precision():
                return function(*arguments)
        except ModelError:
            raise
        except (Exception, SystemExit) as error:
            shapes = self.shapes if name in ("log_density", "gradient") else {}
            raise explain(error, self.file, f"in {name}", shapes) from error

    def place(self, name: str) -> str:
        """The file, and the line of the model's function `name`."""
        return at_line(self.file, line_of(getattr(self.model, name, None)))

    def scalar(self, found, shape: torch.Size) -> Tensor:
        """What log_density returned, in float64. Raises ModelError unless a tensor [*shape]."""
        if isinstance(found, Tensor) and found.shape == shape:
            return found.double()
        if not isinstance(found, Tensor):
            kind = "None (is `return` missing?)" if found is None else type(found).__name__
            problem = f"returned {kind}, and should return a torch tensor made of the parameters"
        elif len(shape) == 0:
            problem = (
                f"returned shape {tuple(found.shape)} for one point, and should return a scalar: "
                "add up the terms with .sum()"
            )
        else:
            problem = (
                f"returned shape {tuple(found.shape)} for points with leading axes {tuple(shape)}. "
                "With `batched = True` it keeps leading axes and adds up the last ones only: "
                ".sum(-1)"
            )
        raise ModelError(f"{self.place('log_density')}: log_density {problem}")

    def value_and_grad(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The model's own values [n] and gradients [n, dim], float64, for u [n, dim]."""
        found = self("value_and_grad", self.model.value_and_grad, u)
        wanted = (u.shape[:1], u.shape)
        shapes = None
        if isinstance(found, tuple | list) and len(found) == 2:
            # Copies: arrays of other libraries may be read-only.
            value, gradient = (np.array(part, dtype=np.float64) for part in found)
            shapes = (value.shape, gradient.shape)
            if shapes == wanted:
                return value, gradient
        got = f"shapes {shapes[0]} and {shapes[1]}" if shapes else type(found).__name__
        swapped = "; the value comes first" if shapes == wanted[::-1] else ""
        raise ModelError(
            f"{self.place('value_and_grad')}: value_and_grad returned {got} for u of shape "
            f"{u.shape}, and should return two arrays of shapes {wanted[0]} and "
            f"{wanted[1]}{swapped}"
        )


def from_numpy(u: Tensor, value_and_grad: Callable) -> Tensor:
    """A log density [...] of u [..., dim], differentiable once, from values and gradients in NumPy.

    The compiler would try to follow NumPy's functions: it is stopped here, and a training step then
    goes on in eager mode. `torch.compiler.disable` would do as much, and costs 2.5 seconds of
    imports in every step that loads a target, whether or not it compiles anything.
    """
    if torch.compiler.is_compiling():
        raise NotImplementedError("values and gradients come from NumPy")
    return _FromNumpy.apply(u, value_and_grad)


class _FromNumpy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u: Tensor, value_and_grad: Callable) -> Tensor:
        points = u.detach().cpu().numpy().reshape(-1, u.shape[-1])
        value, gradient = value_and_grad(points)
        ctx.save_for_backward(torch.from_numpy(gradient).to(u.device).reshape(u.shape))
        return torch.from_numpy(value).to(u.device).reshape(u.shape[:-1])

    @staticmethod
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return grad_output.unsqueeze(-1) * gradient, None
