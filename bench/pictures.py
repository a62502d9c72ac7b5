"""The images of part three: MNIST if FLOWCHECK_DATA has it, else the digits."""

import os
import tempfile
from pathlib import Path

import numpy as np

from bench import problem
from flowcheck import idx_files, images
from workflow.lib.vae_config import vae_params


def name() -> str:
    """mnist or digits. A folder, not a download: a bench that waits for a network is none."""
    return "mnist" if _folder() else "digits"


def training_set(which: str) -> images.ImageSet:
    """The images of one set; its training split is what is used."""
    if which == "digits":
        return images.load_digits(0.2, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as scratch:
        return images.load_torchvision("MNIST", _folder(), Path(scratch))


def recipe(which: str) -> dict:
    """The problem set's own recipe on that set, as the study has it: sizes and recipe."""
    study = problem.config()
    study["images"].setdefault("mnist", {"dataset": "MNIST"})
    study["vaes"] = {"course": study["vaes"]["vae"] | {"recipe": "course"}}
    return vae_params(study, which, "course")


def _folder() -> Path | None:
    root = os.environ.get("FLOWCHECK_DATA")
    return idx_files.folder_of(Path(root), "mnist", "MNIST") if root else None
