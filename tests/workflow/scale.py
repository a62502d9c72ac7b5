"""A large study's config, written to standard output.

`python tests/workflow/scale.py 100 20 30 > large.yaml`: 100 posteriors, 20 flows trained on each,
and 30 replicates, each from a seed of its own. docs/scale.md measures with it.
"""

import sys

import yaml


def large_config(targets: int, flows: int, replicates: int) -> dict:
    """An overlay of the default config: flows and posteriors by number, and no autoencoder."""
    families = ({"family": "planar", "layers": 8}, {"family": "realnvp", "blocks": 4})
    sizes = {"hidden": [32, 32]}
    return {
        "output": "results/large",
        "training": {"replicates": replicates},
        "targets": {
            f"banana_{i:03}": {"family": "banana", "sigma_y": 1.0 + i / 100} for i in range(targets)
        },
        "flows": {
            f"flow_{i:03}": families[i % 2] | (sizes if i % 2 else {}) | {"samples": 50 + i}
            for i in range(flows)
        },
    }


if __name__ == "__main__":
    yaml.safe_dump(large_config(*map(int, sys.argv[1:])), sys.stdout, sort_keys=False)
