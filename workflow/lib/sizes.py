"""The size of a study's largest arrays, so that one that no machine can hold is refused early.

Estimates from below: a target of the user's own may have any number of dimensions, and counts as
one of two. What only costs time is not a fault; `snakemake check` states the hours.
"""

import math
import os
from itertools import pairwise

from .combinations import bananas, long_runs, studied, trained_flows
from .entries import flow_params, own_settings
from .vae_config import images_of, vae_params

# Bytes that no machine gives to a job; where jobs run here, this machine's own memory is the limit.
MOST = 1e12
DIM, FLOAT, DOUBLE = 2, 4, 8  # dimensions at least; bytes
# Copies of the weights that a training holds: themselves, their gradient, Adam's two moments.
COPIES = 4
STEPS_AT_ONCE = 100  # whose noise is drawn together: flowcheck.training.CHUNK
IMAGES_AT_ONCE = 10  # whose samples are drawn together: flowcheck.bounds.IMAGES_AT_ONCE
SNAPSHOT_LEAST = 64  # pixels of the smallest images
# Snakemake plans some hundred jobs a second.
MOST_PARTS, MOST_SETTING = 10_000, 10**8


def memory_here() -> float:
    """The bytes of this machine's memory."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):  # a system that does not say
        return MOST


def too_large(config: dict, memory: float | None = None) -> list[str]:
    """The keys whose values ask for more than `memory` bytes; None: more than any machine has."""
    limit = MOST if memory is None else min(memory, MOST)
    whose = "any machine has" if limit == MOST else f"this machine's {_size(limit)}"
    problems = [
        f"{key}: {what} would take {_size(needed)}, more than {whose}; lower it"
        for key, what, needed in _arrays(config)
        if needed > limit
    ]
    return list(dict.fromkeys(problems + _counts(config)))


def _arrays(config: dict):
    """(key, what it is for, its bytes) of what a study holds at once."""
    if config["targets"]:
        yield from _of_chains(config)
        yield from _of_flows(config)
        yield from _of_the_theory(config)
    if config["images"]:
        yield from _of_autoencoders(config)


def _of_chains(config: dict):
    for name in [*(["short"] if bananas(config) else []), *long_runs(config)]:
        run = config["hmc"][name]
        per_draw = DOUBLE * (DIM + 3)
        yield f"hmc.{name}.chains", f"{run['chains']} chains", run["chains"] * per_draw
        kept = run["chains"] * run["draws"]
        yield f"hmc.{name}.draws", f"{kept} draws in all", kept * per_draw
    draws, repeats = config["divergence"]["exact_draws"], config["divergence"]["floor_repeats"]
    if bananas(config):
        yield "divergence.exact_draws", f"{draws} draws", draws * DIM * DOUBLE
    yield "divergence.floor_repeats", f"{repeats} rows", repeats * 5 * DOUBLE


def _of_flows(config: dict):
    for section, flow in trained_flows(config):
        own = flow_params(config, section, flow)
        recipe, replicates = own["recipe"], own["replicates"]
        together = min(own["replicates_per_job"] or replicates, replicates)
        draws = together * recipe["samples"] * min(recipe["iterations"], STEPS_AT_ONCE)
        place = f"flows.{flow}"
        yield f"{place}.samples", f"the noise of {draws} draws", draws * DIM * FLOAT
        history = recipe["iterations"] * together
        yield f"{place}.iterations", f"the history of {history} steps", history * FLOAT
        weights = _weights(own["sizes"]) * together
        yield place, f"a training of {weights} weights", weights * FLOAT * COPIES
        kept = config["divergence"]["flow_draws"] * replicates
        what = f"{kept} draws of flows.{flow}'s {replicates} replicates"
        yield "divergence.flow_draws", what, kept * (DIM + 1) * DOUBLE


def _weights(sizes: dict) -> int:
    """At least so many weights has a flow of these settings: its layers, times each one's."""
    layers = math.prod(v for k, v in sizes.items() if k != "hidden" and type(v) is int)
    widths = [DIM, *sizes.get("hidden", ())]
    return layers * sum(a * b for a, b in pairwise(widths)) or layers


def _of_the_theory(config: dict):
    if studied(config) is None:
        return
    theory = config["theory"]
    draws, steps = theory["multisample"]["draws"], theory["contraction"]["steps"]
    yield "theory.multisample.draws", f"{draws} draws", draws * DIM * DOUBLE
    yield "theory.contraction.steps", f"a table of {steps} steps", steps * 2 * DOUBLE
    gradients, published = theory["gradients"], theory["published"]
    if gradients["flow"] in config["flows"]:
        draws = gradients["draws"]
        yield "theory.gradients.draws", f"{draws} draws", draws * DIM * DOUBLE
        batches = gradients["batches"]
        yield "theory.gradients.batches", f"{batches} gradients", batches * 100 * FLOAT
    count = published["momenta"]
    yield "theory.published.momenta", f"{count} trajectories", count * 2 * DIM * DOUBLE
    count = published["initialisations"]
    yield "theory.published.initialisations", f"{count} flows", count * 40 * FLOAT * COPIES
    count *= published["iterations"]
    yield "theory.published.iterations", f"{count} steps", count * FLOAT


def _of_autoencoders(config: dict):
    bounds = config["vae_bounds"]
    for images, entry in config["images"].items():
        pixels = SNAPSHOT_LEAST if entry["dataset"] == "digits" else 784
        for vae in config["vaes"]:
            own = vae_params(config, images, vae)
            recipe, hidden = own["recipe"], own["hidden"]
            weights = 2 * hidden * (pixels + 2)
            place = f"vaes.{vae}"
            yield f"{place}.hidden", f"{weights} weights", weights * FLOAT * COPIES
            points = recipe["points"]
            table = points * max(hidden, min(recipe["batch"], images_of(entry)[0]))
            if recipe["evidence_weight"] != 0:
                yield f"{place}.points", f"{points} points", table * FLOAT
            epochs = recipe["epochs"]
            yield f"{place}.epochs", f"the history of {epochs} epochs", epochs * 2 * DOUBLE
            kept = min(bounds["evaluations"], epochs) * weights
            what = f"the weights after {bounds['evaluations']} epochs"
            yield "vae_bounds.evaluations", what, kept * FLOAT
        samples = bounds["samples"] * IMAGES_AT_ONCE
        yield "vae_bounds.samples", f"{samples} samples", samples * 2 * DIM * DOUBLE


def _counts(config: dict) -> list[str]:
    """Numbers of jobs that nobody could plan, and sizes of posteriors that nobody could hold."""
    problems = []
    for section, flow in trained_flows(config):
        own = flow_params(config, section, flow)
        parts = own["replicates"] // (own["replicates_per_job"] or own["replicates"])
        if parts > MOST_PARTS:
            problems.append(
                f"flows.{flow}.replicates_per_job: {own['replicates']} replicates would be "
                f"{parts} jobs, more than can be planned ({MOST_PARTS}); raise it"
            )
    for name, entry in config["targets"].items():
        if entry.get("file"):
            continue  # only its author knows what its numbers count
        problems += [
            f"targets.{name}.{key}: {value} is more than any array here can hold; lower it"
            for key, value in own_settings(entry).items()
            if type(value) is int and value > MOST_SETTING
        ]
    return problems


def _size(number: float) -> str:
    """Bytes, in words: "8 TB"."""
    for unit, least in (("TB", 1e12), ("GB", 1e9)):
        if number >= least:
            return f"{number / least:,.3g} {unit}"
    return f"{number / 1e6:,.3g} MB"
