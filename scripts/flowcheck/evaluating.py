"""A posterior at many points at once, some of which may have no density."""

from collections.abc import Callable

import torch
from torch import Tensor

# Times that starts without a finite density are drawn again, as in Stan.
REDRAWS = 100

ValueAndGradient = Callable[[Tensor], tuple[Tensor, Tensor]]


def finite(lp: Tensor, gradient: Tensor) -> Tensor:
    """Where the log density [C] and its gradient [C, dim] are both finite: [C]."""
    return lp.isfinite() & gradient.isfinite().all(-1)


def forgiving(value_and_gradient: ValueAndGradient) -> ValueAndGradient:
    """The same function, with density zero where a matrix could not be factorised.

    A covariance that rounding leaves indefinite is an exception, and in a batch it is everybody's:
    the batch is halved until the points that raise it are alone. Whatever else is raised passes.
    """

    def evaluate(theta: Tensor) -> tuple[Tensor, Tensor]:
        try:
            return value_and_gradient(theta)
        except Exception as error:
            if not _is_factorisation(error):
                raise
        if len(theta) == 1:
            return theta.new_full((1,), -torch.inf), torch.zeros_like(theta)
        halves = [evaluate(half) for half in theta.tensor_split(2)]
        values, gradients = zip(*halves, strict=True)
        return torch.cat(values), torch.cat(gradients)

    return evaluate


def _is_factorisation(error: BaseException | None) -> bool:
    """Whether the error, or what it was raised from, is of linear algebra."""
    while error is not None:
        if isinstance(error, torch.linalg.LinAlgError):
            return True
        error = error.__cause__
    return False


def starts(value_and_gradient: ValueAndGradient, draw: Callable[[], Tensor]) -> Tensor:
    """Starts of C chains [C, dim] from `draw`, redrawn where density or gradient is not finite.

    draw: () -> [C, dim], over-dispersed. Raises ValueError if some chain has none in the end.
    """
    value_and_gradient = forgiving(value_and_gradient)
    theta = draw()
    bad = ~finite(*value_and_gradient(theta))
    for _ in range(REDRAWS):
        if not bool(bad.any()):
            return theta
        theta = torch.where(bad.unsqueeze(-1), draw(), theta)
        bad = ~finite(*value_and_gradient(theta))
    if not bool(bad.any()):
        return theta
    raise ValueError(
        f"{int(bad.sum())} of {len(theta)} chains found no start: of {REDRAWS + 1} over-dispersed "
        "points for each, none had a finite log density and a finite gradient. Look for an "
        "overflow, a logarithm of a negative number, or a support that is not declared"
    )
