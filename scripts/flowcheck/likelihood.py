"""A flow fitted to draws by maximum likelihood: a density for a sample that has none."""

import math

import torch
from torch import Generator, Tensor

from flowcheck.flows.base import Flow, Params
from flowcheck.schedule import cosine

STEPS, BATCH, LEARNING_RATE = 1500, 512, 2e-3
# The held-out likelihood is looked at every so many steps, and training ends when it has not risen
# for so many looks.
LOOK_EVERY, PATIENCE = 50, 6


def fit_by_likelihood(flow: Flow, draws: Tensor, held_out: Tensor, generator: Generator) -> Params:
    """float64 parameters of `flow` that make draws [n, dim] likely, of those passed on the way the
    likeliest on held_out [m, dim].

    Adam at 2e-3 with a cosine to zero, batches of 512, at most 1,500 steps. Draws and held-out
    draws should be of unit size: the flow starts near the identity. Computed in float32.
    """
    draws, held_out = draws.float(), held_out.float()
    params = {
        name: value.clone().requires_grad_()
        for name, value in flow.initial(generator, "near_identity").items()
    }
    adam = torch.optim.Adam(params.values(), lr=LEARNING_RATE, fused=True)
    best, best_value, looks = _copy(params), -math.inf, 0
    for step in range(STEPS + 1):
        if step % LOOK_EVERY == 0 or step == STEPS:
            with torch.no_grad():
                value = float(flow.log_prob(params, held_out).mean())
            looks = 0 if value > best_value else looks + 1
            if value > best_value:
                best, best_value = _copy(params), value
            if looks == PATIENCE or step == STEPS:
                break
        batch = draws[torch.randint(len(draws), (BATCH,), generator=generator)]
        loss = -flow.log_prob(params, batch).mean()
        adam.zero_grad()
        loss.backward()
        adam.param_groups[0]["lr"] = LEARNING_RATE * cosine(step, STEPS)
        if loss.isfinite():
            adam.step()
    return {name: value.double() for name, value in best.items()}


def _copy(params: Params) -> Params:
    return {name: value.detach().clone() for name, value in params.items()}
