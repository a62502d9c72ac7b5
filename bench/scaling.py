"""How the cost of a step, a draw or an epoch grows with each size."""

from functools import cache

import torch

from bench import floor, problem
from bench.contender import Contender
from bench.growth import PIXELS

STUDIES = {
    "replicates": ((1, 2, 4, 8, 16, 32, 64), "seconds/iteration"),
    "draws": ((10, 30, 100, 300, 1000, 3000, 10_000), "seconds/iteration"),
    "dimension": ((2, 5, 10, 20, 50, 100), "seconds/iteration"),
    "chains": ((1, 10, 100, 1000, 10_000), "seconds/draw of all chains"),
    "images": ((1000, 4000, 15_000, 60_000), "seconds/epoch"),
}
# Each costs a compilation.
COMPILED = {
    "replicates": (1, 8, 64),
    "draws": (10, 100, 1000, 10_000),
    "dimension": (2, 10, 100),
}
QUICK = 2  # sizes of each study, none compiled

NOTES = {
    "replicates": "RealNVP, 100 draws, path gradient",
    "draws": "RealNVP, one replicate, path gradient",
    "dimension": "RealNVP, one replicate, 100 draws, path gradient, a Gaussian target",
    "chains": "the problem set's L and step size, analytic gradient, float64",
    "images": "the problem set's recipe on random pixels",
}


def contenders(quick: bool) -> list[Contender]:
    """Every study at every size, eager, and compiled where that is possible and listed."""
    found = []
    for study, (sizes, unit) in STUDIES.items():
        for compiled in (False, True):
            chosen = COMPILED.get(study, ()) if compiled else sizes
            if quick:
                chosen = () if compiled else chosen[:QUICK]
            found += [_contender(study, size, unit, compiled) for size in chosen]
    return found


def _contender(study: str, size: int, unit: str, compiled: bool) -> Contender:
    mode = "compiled" if compiled else "eager"
    return Contender(
        "scaling", study, "flowcheck", mode, "bench.growth",
        {"study": study, "size": size, "compiled": compiled}, unit,
        floor=floor_seconds(study, size), process=f"flowcheck {study} {mode}",
        note=NOTES[study],
    )  # fmt: skip


@cache
def floor_seconds(study: str, size: int) -> float:
    """Seconds that the arithmetic alone would take."""
    if study == "chains":
        steps = problem.config()["hmc"]["short"]["leapfrog_steps"]
        return size * floor.hmc_flop(steps) / floor.matmul_rate(16, 100, 32, 32, torch.float64)
    if study == "images":
        sizes = problem.autoencoder()
        flop = floor.vae_flop(PIXELS, sizes["hidden"], sizes["latent"], size)
        return flop / floor.matmul_rate(1, 1000, PIXELS, sizes["hidden"])
    sizes = problem.ours("realnvp", "default")["sizes"]
    replicates = size if study == "replicates" else 1
    samples = size if study == "draws" else problem.SAMPLES
    dim = size if study == "dimension" else problem.DIM
    flop = replicates * floor.flow_flop("realnvp", sizes, dim, samples, "path")
    return flop / floor.matmul_rate(2 * replicates, samples, *problem.HIDDEN)
