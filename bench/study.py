"""The default study's flow training against the plain loop, in the same minutes."""

from bench import our_study, problem
from bench.contender import Contender
from bench.process import CORES

FLOWS = "planar, NICE and RealNVP"
UNIT = "replicate-iterations/s"
PLAIN_COUNT, QUICK_COUNT = 2000, 20


def contenders(quick: bool) -> list[Contender]:
    """The plain loop, at whose rate the whole would take as long; and the study itself."""
    replicates = problem.config()["recipes"]["default"]["replicates"]
    plain = Contender(
        "study", FLOWS, "plain loop", "eager, total gradient", "bench.plain_study", {}, UNIT,
        worth=len(problem.FLOWS), count=QUICK_COUNT if quick else PLAIN_COUNT,
        process="plain study", note="one after another in one process",
    )  # fmt: skip
    ours = Contender(
        "study", FLOWS, "flowcheck", "default recipe", "bench.our_study", {}, UNIT,
        worth=our_study.steps(), replicates=replicates, threads=max(1, min(2, len(CORES))), count=1,
        note="Snakemake, each job's start and a cold compilation included; two jobs side by side",
    )  # fmt: skip
    return [plain] if quick else [plain, ours]


def left_out() -> list[Contender]:
    """Nobody."""
    return []
