"""Iterations per second of each flow's training, by everyone who can train it."""

from itertools import product

from bench import floor, problem
from bench.contender import Contender

REPLICATES = (1, 8, 32)
QUICK_COMPILED = ("realnvp", "path", 8, 1)
# flowcheck's own: compiled or not, replicates, threads.
MODES = (
    *product((False, True), REPLICATES, (1,)),
    *product((True,), REPLICATES[1:], (2,)),
)
# The recipe that trains by each gradient: the problem set's own, and the default.
RECIPES = {"total": "course", "path": "default"}
UNIT = "replicate-iterations/s"

PLAIN_NOTE = "separate Linear layers, the 100 observations one by one, Adam's default"
OUR_NOTES = {
    "total": "all replicates as batched tensors; the problem set's recipe",
    "path": "all replicates as batched tensors; the default recipe: path gradient, SiLU, "
    "bounded scale, clipping, cosine rate",
}
PEERS = {
    "normflows": {
        "planar": "the library's own initial values",
        "nice": "masked networks see both coordinates (2-32-32-2)",
        "realnvp": "masked networks see both coordinates (2-32-32-2)",
    },
    "nflows": {
        "nice": "scale and shift per block (ActNorm)",
        "realnvp": "one network for scale and shift; scale below 1.001, by a sigmoid",
    },
    "zuko": {
        "nice": "from its parts: additive couplings, an affine map per block",
        "realnvp": "one network for scale and shift; scale softly bounded",
    },
    "pyro": {
        "planar": "SVI over a vectorised plate of particles",
        "realnvp": "SVI over a vectorised plate of particles; one network for scale and shift, "
        "a permutation after each",
    },
    "flowjax": {
        "planar": "a permutation after each layer; another constraint on u",
        "nice": "a permutation after each half coupling; one scale at the end",
        "realnvp": "one network for scale and shift; scale by a softplus; permutations",
    },
}
LEFT_OUT = {
    ("nflows", "planar"): "has no planar flow",
    ("zuko", "planar"): "has no planar flow",
    ("pyro", "nice"): "has no additive coupling",
}
TORCH_LOOP = {"": ("eager, total gradient", "")}
JAX_LOOPS = {
    "fit": ("own loop", "its fit_to_key_based_loss"),
    "scan": ("scan", "its loss and optimiser in a scan of 100 steps, written for the bench"),
}


def contenders(quick: bool) -> list[Contender]:
    """All of them, flow by flow."""
    rate = floor.matmul_rate(2 * 8, problem.SAMPLES, *problem.HIDDEN)
    found = []
    for flow in problem.FLOWS:
        found.append(_plain(flow, rate))
        found += _ours(flow, rate, quick)
        found += _peers(flow, rate)
    return found


def left_out() -> list[Contender]:
    """Who cannot train what, for the table."""
    return [
        Contender("flow", flow, library, "", "", {}, UNIT, note=f"left out: {reason}")
        for (library, flow), reason in LEFT_OUT.items()
    ]


def floor_rate(flow: str, gradient: str, matmul_rate: float) -> float:
    """Replicate-iterations per second at the arithmetic floor."""
    sizes = problem.ours(flow, "course")["sizes"]
    flop = floor.flow_flop(flow, sizes, problem.DIM, problem.SAMPLES, gradient)
    return matmul_rate / flop


def _plain(flow: str, rate: float) -> Contender:
    return Contender(
        task="flow",
        flow=flow,
        contender="plain loop",
        variant="eager, total gradient",
        module="bench.plain_loop",
        arguments={"flow": flow},
        unit=UNIT,
        floor=floor_rate(flow, "total", rate),
        note=PLAIN_NOTE,
    )


def _ours(flow: str, rate: float, quick: bool) -> list[Contender]:
    """Eager and compiled, by either gradient. A quick run compiles one: it would wait for more."""
    found = []
    for gradient, (compiled, replicates, threads) in product(RECIPES, MODES):
        if compiled and quick and (flow, gradient, replicates, threads) != QUICK_COMPILED:
            continue
        recipe = RECIPES[gradient]
        one = Contender(
            task="flow",
            flow=flow,
            contender="flowcheck",
            variant=f"{'compiled' if compiled else 'eager'}, {gradient} gradient",
            module="bench.ours",
            arguments={
                "flow": flow,
                "recipe": recipe,
                "replicates": replicates,
                "compiled": compiled,
            },
            unit=UNIT,
            worth=replicates,
            replicates=replicates,
            threads=threads,
            bound=threads > 1,
            floor=floor_rate(flow, gradient, rate),
            # As a study does it; and a process that holds the code of several counts looks longer
            # for the piece that fits.
            process=f"flowcheck {flow} {gradient} {replicates}",
            note=OUR_NOTES[gradient],
        )
        found.append(one)
    return found


def _peers(flow: str, rate: float) -> list[Contender]:
    found = []
    for library, flows in PEERS.items():
        if flow not in flows:
            continue
        loops = JAX_LOOPS if library == "flowjax" else TORCH_LOOP
        for loop, (variant, how) in loops.items():
            one = Contender(
                task="flow",
                flow=flow,
                contender=library,
                variant=variant,
                module=f"bench.peers.{library}",
                arguments={"flow": flow} | ({"loop": loop} if loop else {}),
                unit=UNIT,
                floor=floor_rate(flow, "total", rate),
                note="; ".join(filter(None, (how, flows[flow]))),
            )
            found.append(one)
    return found
