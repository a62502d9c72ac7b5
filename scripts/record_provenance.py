"""Where the study's numbers come from: config, versions, seed, devices, checksums, run times."""

from step import snakemake

import hashlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import yaml
from flowcheck import files

# What the numbers depend on, apart from the project's own code.
PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "arviz-stats",
    "matplotlib",
    "snakemake",
)


def revision() -> str | None:
    """The checkout's git revision, or None where there is no git or no checkout."""
    command = ["git", "describe", "--always", "--dirty"]
    folder = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def digest(arrays: dict) -> str:
    """sha256 over the contents of a target's arrays, in the order of their names."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        content.update(arrays[name].tobytes())
    return content.hexdigest()


params, paths = snakemake.params, snakemake.input
steps = []
for name, path in zip(params.steps, paths.runs, strict=True):
    run = files.read_json(path)
    steps.append({"step": name, "seconds": run["seconds"], "device": run["device"]})
data = {
    name: digest(files.read_arrays(path))
    for name, path in zip(params.targets, paths.data, strict=True)
}
for name, path in zip(params.image_sets, paths.images, strict=True):
    data[name] = files.read_json(path)["sha256"]
files.write_json(
    snakemake.output.provenance,
    {
        "seed": params.config["seed"],
        "config": params.config,
        "config_text": yaml.safe_dump(params.config, sort_keys=False),
        "revision": revision(),
        "versions": {package: version(package) for package in PACKAGES},
        "data": data,
        "steps": steps,
    },
)
