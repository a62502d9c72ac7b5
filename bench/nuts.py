"""Effective draws per CPU second on four posteriors, each library at its defaults."""

from bench.contender import Contender

POSTERIORS = ("eight_schools", "logistic", "radon", "gaussian_ar")
QUICK_POSTERIORS = ("eight_schools",)
UNIT = "effective draws/CPU s"
PEERS = {
    "numpyro": "MCMC(NUTS) with 4 chains, one after another, 1,000 of warm-up and 1,000 draws",
    "blackjax": "window_adaptation and nuts with 4 chains, one after another, as numpyro's, in "
    "one compiled program",
}
OUR_NOTE = "self-tuning HMC with 64 chains, 500 of warm-up and 1,000 draws"
CHAINS, PEERS_CHAINS = 64, 4


def contenders(quick: bool) -> list[Contender]:
    """flowcheck's own sampler at its defaults, and the others' No-U-Turn samplers at theirs."""
    found = []
    for posterior in QUICK_POSTERIORS if quick else POSTERIORS:
        found.append(
            _contender(posterior, "flowcheck", "adaptive", "bench.our_adaptive", CHAINS, OUR_NOTE)
        )
        for library, note in PEERS.items():
            module = f"bench.peers.{library}_nuts"
            found.append(_contender(posterior, library, "NUTS", module, PEERS_CHAINS, note))
    return found


def left_out() -> list[Contender]:
    """Nobody."""
    return []


def _contender(
    posterior: str, name: str, variant: str, module: str, chains: int, note: str
) -> Contender:
    return Contender(
        "nuts", posterior, name, variant, module, {"posterior": posterior}, UNIT,
        replicates=chains, note=note,
    )  # fmt: skip
