"""The one problem that every contender solves: the banana, three flows, one batch, one rate."""

from functools import cache

import numpy as np
import yaml

from bench import ROOT
from flowcheck.observations import embedded
from flowcheck.targets.banana import Target
from workflow.lib.config import flow_params

FLOWS = ("planar", "nice", "realnvp")
LAYERS = 8  # of the planar flow
BLOCKS = 4  # of a coupling flow; two half couplings each
HIDDEN = (32, 32)
SAMPLES = 100
LEARNING_RATE = 1e-3
DIM = 2


@cache
def observations() -> np.ndarray:
    """The embedded data [100], whose posterior is that of the published data."""
    return embedded(np.random.default_rng(1))


@cache
def target() -> Target:
    """The banana as the default study has it."""
    settings = config()["targets"]["banana"]
    return Target({"y": observations()}, settings["sigma_y"], settings["sigma_theta"])


def config() -> dict:
    """The default study's config."""
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def ours(flow: str, recipe: str) -> dict:
    """What flowcheck trains `flow` with under one of its recipes: sizes and recipe."""
    study = config()
    sizes = {"layers": LAYERS} if flow == "planar" else {"blocks": BLOCKS, "hidden": list(HIDDEN)}
    study["flows"] = {flow: {**sizes, "recipe": recipe, "samples": SAMPLES}}
    return flow_params(study, flow)
