"""Make small faults in the numerical modules, one at a time, and see whether their tests fail.

python -m tests.mutation                         a sample of every module
python -m tests.mutation quadrature hmc -n 12    12 faults of each of these
python -m tests.mutation quadrature --all

Exit 1 if fewer than 90 % are found. Faults that change no result are listed in equivalent.txt.
"""

import argparse
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants, sampled

ROOT = Path(__file__).resolve().parents[2]
LIBRARY, TESTS = ROOT / "scripts/flowcheck", ROOT / "tests/flowcheck"
WANTED = 0.9
# The modules that compute, and the tests of each where they are not test_MODULE.py alone.
MODULES: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        "base_quadrature", "bound_quadrature", "bounds", "bridge",
        "constant_jacobian", "diagnosis", "distances", "divergence", "evidence", "flat_priors",
        "gaussian", "gaussian_fit", "gradients", "hmc", "kernels", "likelihood", "metric",
        "multisample", "pathfinder", "plane", "quadrature", "schedule", "trajectories",
        "trajectory_length", "truth", "vae", "vae_training", "verdict", "weights",
    ),
    (),
) | {
    "adaptation": ("test_adaptation_warm_up.py", "test_adaptation.py"),
    "supports": ("test_supports.py", "test_model_errors.py"),
    "training": ("test_training.py", "test_training_step.py", "test_checkpoints.py"),
    "flows.coupling": ("test_flows_couplings.py", "test_flows.py", "test_layers.py"),
    "flows.autoregressive": ("test_flows_masked.py", "test_flows.py"),
    "flows.planar": ("test_flows_planar.py", "test_flows.py"),
    "flows.rational_quadratic": ("test_flows_spline.py", "test_flows.py"),
    "flows.coordinates": ("test_flows_coordinates.py",),
}  # fmt: skip


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module of the library another source."""

    def __init__(self, module: str, source: str):
        self.module, self.source = f"flowcheck.{module}", source

    def find_spec(self, name, path=None, target=None):
        if name == self.module:
            place = LIBRARY / f"{name.removeprefix('flowcheck.').replace('.', '/')}.py"
            return importlib.util.spec_from_file_location(name, place, loader=self)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(compile(self.source, module.__spec__.origin, "exec"), module.__dict__)


def status(module: str, source: str, limit: float) -> int:
    """pytest's exit status on the module's tests, in a process of its own; 1 past the limit."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        sys.meta_path.insert(0, _Changed(module, source))
        import pytest

        tests = MODULES[module] or (f"test_{module}.py",)
        paths = [str(TESTS / name) for name in tests]
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *paths]))
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        done, how = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(how)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def equivalent() -> set[tuple[str, str, str]]:
    """Faults known to change no result: module, the statement before and after it."""
    lines = (Path(__file__).parent / "equivalent.txt").read_text(encoding="utf-8").splitlines()
    kept = [line.split("#")[0].split(" | ") for line in lines if line and line[0] != "#"]
    return {tuple(part.strip() for part in parts) for parts in kept}


def key(module: str, mutant: Mutant) -> tuple[str, str, str]:
    """How equivalent.txt names a fault: by the first line of the statement where it differs."""
    pairs = zip(mutant.before.splitlines(), mutant.after.splitlines(), strict=False)
    first = next(((a, b) for a, b in pairs if a != b), (mutant.before, mutant.after))
    return module, *(part.strip() for part in first)


def tried(module: str, count: int | None, seed: int) -> tuple[int, int]:
    """How many faults of a module were made and how many found; prints the others."""
    source = (LIBRARY / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    began = time.monotonic()
    if (before := status(module, source, 3600)) != 0:
        raise SystemExit(f"the tests of {module} fail as it is (exit status {before})")
    limit = 10 * (time.monotonic() - began) + 30
    faults = mutants(source) if count is None else sampled(source, count, f"{seed} {module}")
    known, found, made = equivalent(), 0, 0
    for mutant in faults:
        if key(module, mutant) in known:
            continue
        made += 1
        if status(module, mutant.source, limit) != 0:
            found += 1
        else:
            _, before, after = key(module, mutant)
            print(f"  {module}:{mutant.line}: {before}  ->  {after}", flush=True)
    print(f"{module}: {found} of {made} found", flush=True)
    return made, found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument(
        "modules", nargs="*", help="of scripts/flowcheck; all that compute, if none"
    )
    parser.add_argument("-n", type=int, default=4, help="faults of each (4 unless given)")
    parser.add_argument("--all", action="store_true", help="every fault")
    parser.add_argument("--seed", type=int, default=1, help="which faults (1 unless given)")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(MODULES):
        parser.error(f"no module {sorted(unknown)}; known: {', '.join(MODULES)}")
    for path in (str(ROOT), str(ROOT / "scripts")):
        sys.path.insert(0, path)
    # Once, before the processes are split off: what takes seconds to import.
    import arviz_stats  # noqa: F401
    import pandas  # noqa: F401
    import pytest  # noqa: F401
    import scipy.stats  # noqa: F401
    import torch

    torch.set_num_threads(1)
    os.chdir(ROOT)
    counts = [
        tried(module, None if options.all else options.n, options.seed)
        for module in options.modules or MODULES
    ]
    made, found = (sum(column) for column in zip(*counts, strict=True))
    print(f"all: {found} of {made} found, {found / max(made, 1):.0%}; wanted: {WANTED:.0%}")
    return int(found < WANTED * made)


if __name__ == "__main__":
    sys.exit(main())
