"""Effective draws per second of Hamiltonian Monte Carlo on the banana."""

import torch

from bench import floor, problem
from bench.contender import Contender

CHAINS = (1, 100, 1000)
# Draws per chain in a repetition: one chain needs more, for its effective draws to be counted.
DRAWS = {1: 500, 100: 100, 1000: 50}
QUICK_DRAWS = {1: 50, 100: 20}
UNIT = "effective draws/s"

# flowcheck's gradient and whether its trajectories are compiled, which takes either gradient.
OURS = {
    "analytic gradient": {"gradient": "analytic", "compiled": False},
    "autograd gradient": {"gradient": "autograd", "compiled": False},
    "compiled": {"gradient": "analytic", "compiled": True},
}
PEERS = {
    "numpyro": "its kernel over all chains in one scan, adaptation off, float64",
    "blackjax": "its kernel mapped over chains in one scan, float64",
}


def contenders(quick: bool) -> list[Contender]:
    """Every sampler at every number of chains, with the problem set's L and step size."""
    # The floor is in draws: effective draws per draw scale it later, as they do the rate.
    steps = problem.config()["hmc"]["short"]["leapfrog_steps"]
    rate = floor.matmul_rate(16, 100, 32, 32, torch.float64) / floor.hmc_flop(steps)
    found = []
    for chains, draws in (QUICK_DRAWS if quick else DRAWS).items():
        size = {"chains": chains, "draws": draws}
        if chains == 1:
            note = "one chain, NumPy, the gradient written out, the 100 observations each time"
            found.append(_contender("plain loop", "one chain", "bench.plain_hmc", size, rate, note))
        for variant, mode in OURS.items():
            if quick and mode["compiled"]:
                continue
            how = "each trajectory one compiled program" if mode["compiled"] else "eager"
            note = f"chains as one tensor, {how}, float64"
            arguments = size | mode
            found.append(_contender("flowcheck", variant, "bench.our_hmc", arguments, rate, note))
        for library, note in PEERS.items():
            module = f"bench.peers.{library}"
            found.append(_contender(library, "compiled", module, size, rate, note))
    return found


def left_out() -> list[Contender]:
    """Nobody."""
    return []


def _contender(
    name: str, variant: str, module: str, arguments: dict, rate: float, note: str
) -> Contender:
    """`replicates` are the chains; a fixed count makes the first call the burn-in."""
    chains = arguments["chains"]
    return Contender(
        "hmc", "banana", name, variant, module, arguments, UNIT, worth=chains, replicates=chains,
        floor=rate, process=f"{name} hmc", count=arguments["draws"], note=note,
    )  # fmt: skip
