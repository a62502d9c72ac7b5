"""`python -m bench`: measure everything, write tables and figures, publish the documents' copy.

--quick measures each part in miniature, for tests, and publishes nothing.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
PARTS = ("flows", "hmc", "trajectory", "nuts", "vae", "study", "scaling")


def main() -> None:
    """Parse the command line, measure part by part, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="each part in less than a minute")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "bench")
    options = parser.parse_args()

    from bench import run

    began = time.perf_counter()
    run.run(options.parts, options.quick, options.output, log)
    if not options.quick and set(options.parts) == set(PARTS):
        from bench import publish

        publish.publish(options.output, ROOT)
        log("docs/bench-runs, docs/bench.md and README.md now say what was measured here")
    log(f"done in {time.perf_counter() - began:.0f} s: {options.output}")


def log(message: str) -> None:
    """A line at once, even into a file."""
    print(message, flush=True)


if __name__ == "__main__":
    main()
