"""The one problem that every contender solves: the banana, three flows, one batch, one rate."""

from functools import cache

import numpy as np

from flowcheck.observations import embedded
from flowcheck.targets.banana import Target
from workflow.lib.config import complete
from workflow.lib.entries import flow_params
from workflow.lib.vae_config import vae_params

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
    return complete({})


def ours(flow: str, recipe: str) -> dict:
    """What flowcheck trains `flow` with under one of its recipes: sizes and recipe."""
    sizes = {"layers": LAYERS} if flow == "planar" else {"blocks": BLOCKS, "hidden": list(HIDDEN)}
    study = complete({"flows": {flow: {**sizes, "recipe": recipe, "samples": SAMPLES}}})
    return flow_params(study, "flows", flow)


def autoencoder(recipe: str = "default") -> dict:
    """What an autoencoder is made with under one of the recipes: sizes, binarisation, recipe."""
    study = complete({"images": {"digits": {}}, "vaes": {"vae": {"recipe": recipe}}})
    return vae_params(study, "digits", "vae")
