"""What an approximation cost, from the JSON that each long step leaves beside its tables."""

from typing import NamedTuple


class Cost(NamedTuple):
    """What all replicates of an approximation took; None where it was not noted.

    seconds: of the steps themselves, compiling included; gradients: points at which the gradient of
    the log density was evaluated. Both include the Gaussian whose coordinates it is trained in.
    """

    seconds: float | None
    gradients: int | None


def cost_of(run: dict, gaussian: dict | None) -> Cost:
    """run: an approximation's run.json; gaussian: its posterior's gaussian_run.json, if any."""
    parts = [run]
    if run.get("coordinates") == "gaussian":
        parts.append(gaussian or {})
    return Cost(*(_total(part.get(key) for part in parts) for key in Cost._fields))


def _total(numbers) -> float | int | None:
    numbers = list(numbers)
    return None if None in numbers else sum(numbers)
