"""`python bench/evidence_table.py`: estimated evidences of the gallery beside the exact ones.

Two seeds of each posterior: Hamiltonian Monte Carlo at its defaults, the exact draws where a chain
would fail. Writes a CSV to the standard output, in nats, with the processor's seconds.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts")]
# The name of each posterior, and whether its draws are exact: from chains that mix or from none.
POSTERIORS = {
    "eight_schools": False,
    "logistic": False,
    "radon": False,
    "autoregression": False,
    "regression": False,
    "gaussian_ar": False,
    "banana": False,
    "funnel": True,
    "mixture": True,
    "two_moons": True,
}
COLUMNS = [
    "posterior", "dim", "seed", "passed", "method", "value", "error", "se", "agree", "cpu_seconds",
]  # fmt: skip


def main() -> None:
    """One row per posterior, seed and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posteriors", nargs="*", default=list(POSTERIORS))
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    writer = csv.DictWriter(sys.stdout, COLUMNS)
    writer.writeheader()
    for name in options.posteriors:
        for seed in range(options.seeds):
            for row in rows(name, seed):
                writer.writerow(row)
                sys.stdout.flush()


def rows(name: str, seed: int) -> list[dict]:
    """Each method's estimate of one posterior's evidence, less the exact one."""
    import torch

    from flowcheck import evidence
    from flowcheck.targets import make_target, read_data

    torch.set_num_threads(1)
    source = "embedded" if name == "banana" else None
    data = read_data(name, source, np.random.default_rng(2022))
    settings = {"sigma_y": 2.0, "sigma_theta": 1.0} if name == "banana" else {}
    posterior = make_target(name, data, settings)
    theta, passed = draws(posterior, seed, POSTERIORS[name])
    began = time.process_time()
    found = evidence.estimate(posterior, theta, seed)
    seconds = time.process_time() - began
    exact = posterior.exact().get("log_evidence", float("nan"))
    shared = {"posterior": name, "dim": posterior.dim, "seed": seed, "passed": passed}
    shared |= {"agree": found["agree"], "cpu_seconds": f"{seconds:.1f}"}
    if found["reason"]:
        print(f"{name}, seed {seed}: {found['reason']}", file=sys.stderr)
    return [
        shared
        | {
            "method": estimate["method"],
            "value": f"{estimate['value']:.5f}",
            "error": f"{estimate['value'] - exact:.5f}",
            "se": f"{estimate['se']:.5f}",
        }
        for estimate in found["estimates"]
    ]


def draws(posterior, seed: int, exact: bool) -> tuple[np.ndarray, bool | str]:
    """Draws [64, 1000, dim], and whether they passed their verdict."""
    import torch

    from flowcheck import adaptation
    from flowcheck.evaluating import starts
    from flowcheck.verdict import judge

    if exact:
        theta = posterior.exact_draws(64_000, np.random.default_rng(seed))
        return np.asarray(theta).reshape(64, 1000, posterior.dim), "exact draws"
    settings = adaptation.Settings()
    generator = torch.Generator().manual_seed(seed)
    init = starts(
        posterior.value_and_gradient, lambda: posterior.starts(settings.chains, generator)
    )
    run = adaptation.sample(posterior.value_and_gradient, init, settings, generator)
    parts = (run.theta, run.lp, run.energy, run.diverging)
    verdict = judge(*(part.numpy() for part in parts), moments={}, exact_moments={})
    return run.theta.numpy(), verdict["passed"]


if __name__ == "__main__":
    main()
