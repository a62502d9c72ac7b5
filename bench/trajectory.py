"""flowcheck against itself: transitions per second with trajectories compiled, and eager."""

from bench.contender import Contender

# Chains on each posterior.
RACES = {"banana": (1, 100, 1000), "logistic": (4, 100)}
QUICK_RACES = {"banana": (100,)}
UNIT = "transitions/s"
NOTES = {
    "banana": "the problem set's L and step size, its gradient written out, float64",
    "logistic": "10 dimensions, 200 data, L as on the banana, autograd's gradient, float64",
}


def contenders(quick: bool) -> list[Contender]:
    """Eager and compiled next to each other, so that a pair is of the same seconds."""
    return [
        _contender(posterior, chains, compiled)
        for posterior, counts in (QUICK_RACES if quick else RACES).items()
        for chains in counts
        for compiled in (False, True)
    ]


def left_out() -> list[Contender]:
    """Nobody."""
    return []


def _contender(posterior: str, chains: int, compiled: bool) -> Contender:
    mode = "compiled" if compiled else "eager"
    return Contender(
        "trajectory", posterior, "flowcheck", mode, "bench.our_hmc",
        {"posterior": posterior, "chains": chains, "compiled": compiled}, UNIT, worth=chains,
        replicates=chains, process=f"flowcheck {mode} trajectories", note=NOTES[posterior],
    )  # fmt: skip
