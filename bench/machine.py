"""What the numbers were measured on: the processor, the versions, the day."""

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "arviz-stats", "blackjax", "flowjax", "jax", "jaxlib", "nflows", "normflows", "numpy",
    "numpyro", "optax", "pyro-ppl", "scikit-learn", "torch", "zuko",
)  # fmt: skip


def describe() -> dict:
    """The day (UTC), the processor, the cores this process may use, the system, the packages."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def cpu_model() -> str:
    """The model as the system names it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def version(package: str) -> str | None:
    """The installed version, None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
