"""Configs that are wrong: numbers, kinds, combinations that cannot work, settings that do nothing.

Each is refused where a study is planned, by the code that every `snakemake` runs first; a few go
through `snakemake --dry-run` itself (tests/faults/environment.py), to show that the two agree.
"""

from collections.abc import Callable

import yaml

from tests.faults.case import Case, Outcome, refusal
from workflow.lib import config


def planned(overlay: dict | str, *words: str) -> Callable[[], Outcome]:
    """Plan a study of this config, merged over the default; the refusal must hold the words."""
    user = yaml.safe_load(overlay) if isinstance(overlay, str) else overlay
    return lambda: refusal(lambda: config.complete(user), "The config cannot be used", *words)


def nested(key: str, value: object) -> dict:
    """{"a": {"b": value}} for "a.b"."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


COUNTS = (
    "seed", "hmc.long.chains", "hmc.long.draws", "hmc.short.leapfrog_steps", "training.iterations",
    "training.samples", "training.replicates", "flows.planar.layers", "divergence.neighbours",
    "vaes.vae.hidden", "vaes.vae.epochs", "vae_bounds.samples", "theory.contraction.points",
)  # fmt: skip
NO_COUNTS = ("-1", "1.5", "many", "[1]", "{a: 1}", "null", "true", ".nan", ".inf", "''", "'1 000'")
REALS = ("training.learning_rate", "targets.banana.sigma_y", "hmc.long.step_size", "vaes.vae.slope")
NO_REALS = ("-1.0", "0", "one", "[1.0]", "null", "true", ".nan", "-.inf", "'1e400'", "'0,5'")
# Where the allocation would be of terabytes.
VAST = (
    "hmc.short.draws", "hmc.long.chains", "hmc.long.draws", "training.iterations",
    "training.samples", "training.replicates", "flows.planar.layers", "divergence.exact_draws",
    "divergence.flow_draws", "divergence.floor_repeats", "vaes.vae.hidden", "vaes.vae.points",
    "vaes.vae.epochs", "images.digits.batch", "vae_bounds.samples", "vae_bounds.images",
    "vae_bounds.evaluations",
    "theory.multisample.draws", "theory.gradients.draws",
    "theory.gradients.batches", "theory.contraction.steps", "theory.published.starts",
    "theory.published.momenta", "theory.published.initialisations", "theory.published.iterations",
    "divergence.knn_draws", "divergence.neighbours",
)  # fmt: skip
# Which key the message names, where it is another than the one that was set.
NAMED = {
    "training": "flows.",
    "flows.planar.layers": "flows.planar",
    "images.digits.batch": "vaes.vae.batch",
}

MISTYPED = {
    "a section": ("sed: 3", "did you mean 'seed'"),
    "a key": ("training: {itrations: 3}", "did you mean 'iterations'"),
    "a flow's setting": ("flows: {nice: {block: 3}}", "did you mean 'blocks'"),
    "a target's setting": ("targets: {banana: {sigma: 3}}", "did you mean 'sigma_y'"),
    "a recipe": ("training: {recipe: defualt}", "did you mean 'default'"),
    "a family": ("flows: {mine: {family: realnpv}}", "did you mean 'realnvp'"),
    "a target's family": ("targets: {mine: {family: funel}}", "did you mean 'funnel'"),
    "a data set": ("images: {m: {dataset: MNITS}}", "images.m.dataset"),
    "the theory's target": ("theory: {target: bananna}", "did you mean 'banana'"),
    "the gradients' flow": ("theory: {gradients: {flow: relnvp}}", "did you mean 'realnvp'"),
    "an old name": ("hmc: {long: {discarded: 3}}", "now called 'warmup_draws'"),
    "the device": ("device: gpu", "device"),
    "an approximation's target": (
        "approximations: {a: {target: bananna, file: README.md}}", "did you mean 'banana'"),
}  # fmt: skip
TOGETHER = {
    "neighbours as many as draws": ("divergence: {neighbours: 10000}", "divergence.neighbours"),
    "neighbours beyond draws": ("divergence: {knn_draws: 10, neighbours: 11}", "knn_draws"),
    "neighbours and no more draws": ("divergence: {knn_draws: 50, neighbours: 50}", "neighbours"),
    "more neighbour draws than kept": ("divergence: {knn_draws: 20000}", "flow_draws"),
    "more neighbour draws than exact": ("divergence: {exact_draws: 500}", "exact_draws"),
    "more neighbour draws than a chain's": ("hmc: {long: {draws: 100}}", "hmc.long keeps 2000"),
    "more than another posterior's chain": (
        "{targets: {f: {family: funnel}}, hmc: {adaptive: {draws: 100}}}", "hmc.adaptive keeps"),
    "a run of few draws": ("hmc: {long: {draws: 10}}", "effective sample size of 1000"),
    "a run of few chains": ("hmc: {long: {chains: 1, draws: 999}}", "it cannot pass"),
    "an adaptive run of few draws": (
        "{targets: {f: {family: funnel}}, hmc: {adaptive: {chains: 4, draws: 200}}}",
        "hmc.adaptive: 4 chains of 200"),
    "adaptation without a warm-up": ("hmc: {long: {warmup_draws: 0}}", "warmup_draws is 0"),
    "adaptation in one transition": ("hmc: {long: {warmup_draws: 1}}", "warmup_draws is 1"),
    "a short run's adaptation": (
        "hmc: {short: {warmup_draws: 0, target_acceptance: 0.8}}", "hmc.short"),
    "a batch larger than the digits": ("images: {digits: {batch: 2000}}", "vaes.vae.batch"),
    "a batch between split and set": ("images: {digits: {batch: 1500}}", "has 1438 images"),
    "a batch larger than MNIST": ("images: {m: {dataset: MNIST, batch: 60001}}", "60000 images"),
    "an autoencoder's own batch": (
        "{images: {d: {dataset: digits}}, vaes: {wide: {batch: 5000}}}", "vaes.wide.batch"),
    "no image for the test": ("images: {digits: {test_fraction: 0.001}}", "no test image"),
    "no image for training": ("images: {digits: {test_fraction: 0.999}}", "no training image"),
    "half an image": ("images: {digits: {test_fraction: 0.0028}}", "no test image"),
    "a fraction of MNIST": (
        "images: {m: {dataset: MNIST, test_fraction: 0.3}}", "remove this key"),
    "a fraction of KMNIST": (
        "images: {k: {dataset: KMNIST, test_fraction: 0.2}}", "remove this key"),
    "no image held out": (
        "images: {digits: {held_out: train, test_fraction: 0.00288}}", "no test image"),
    "a batch larger than what is not held out": (
        "images: {m: {dataset: MNIST, held_out: train, test_fraction: 0.25, batch: 45001}}",
        "45000 images"),
    "held out of nothing": ("images: {digits: {held_out: validation}}", "held_out"),
    "more images than the test has": ("vae_bounds: {images: 500}", "359 for the test"),
    "more evaluations than epochs": ("vae_bounds: {evaluations: 101}", "has 100 on digits"),
    "fewer epochs than evaluations": ("vaes: {vae: {epochs: 5}}", "vae_bounds.evaluations"),
    "an image set's fewer epochs": ("images: {digits: {epochs: 3}}", "vae_bounds.evaluations"),
    "a warm-up longer than training": ("training: {iterations: 50}", "warm-up of 100"),
    "a flow's own long warm-up": ("flows: {nice: {warmup: 10001}}", "flows.nice.warmup"),
    "a recipe's long warm-up": ("recipes: {default: {warmup: 20000}}", "warm-up of 20000"),
    "another posterior's long warm-up": (
        "{targets: {f: {family: funnel}}, training: {iterations: 99}}", "warmup"),
    "steps of the gradients, which take those of the flow": (
        "theory: {gradients: {iterations: 50}}", "theory.gradients"),
    "a flow that the study does not train": (
        "{flows: {nice: {}}, theory: {gradients: {flow: planar}}}", "theory.gradients.flow"),
    "more starts than exact draws": ("theory: {published: {starts: 10001}}", "exact_draws"),
    "samples that do not nest": ("theory: {multisample: {samples: [1, 3, 7]}}", "does not divide"),
    "samples in falling order": ("theory: {multisample: {samples: [10, 1]}}", "does not divide"),
    "samples twice": ("theory: {multisample: {samples: [10, 10]}}", "does not divide"),
    "draws that samples do not divide": ("theory: {multisample: {draws: 3001}}", "does not divide"),
    "a theory of no banana": (
        "{targets: {banana: {}, f: {family: funnel}}, theory: {target: f}}", "is not a banana"),
    "a theory without a banana": (
        "{targets: {f: {family: funnel}}, theory: {target: f}}", "is not a banana"),
    "a banana's data for another": (
        "targets: {f: {family: funnel, data: embedded}}", "only a banana"),
    "the published data for another": (
        "targets: {f: {family: funnel, data: course}}", "only a banana"),
    "a banana's long run for another": (
        "{targets: {f: {family: funnel}}, hmc: {long: {draws: 5000}}}", "come from hmc.adaptive"),
    "a short run for another": (
        "{targets: {f: {family: funnel}}, hmc: {short: {draws: 600}}}", "hmc.short: it would have"),
    "another posterior's run for a banana": ("hmc: {adaptive: {chains: 32}}", "hmc.adaptive"),
    "theory's settings without a banana": (
        "{targets: {f: {family: funnel}}, theory: {contraction: {points: 40}}}", "needs a banana"),
    "divergences of no target": (
        "{images: {d: {dataset: digits}}, divergence: {neighbours: 4}}", "has no target"),
    "training of no target": (
        "{images: {d: {dataset: digits}}, training: {samples: 50}}", "has no target"),
    "bounds of no autoencoder": (
        "{targets: {banana: {}}, vae_bounds: {samples: 500}}", "has no autoencoder"),
    "a slope that init does not use": ("vaes: {vae: {init: published, slope: 3}}", "vae.slope"),
    "a reach that a recipe does not use": ("vaes: {vae: {recipe: course, reach: 2}}", "vae.reach"),
    "points of no weight": ("vaes: {vae: {evidence_weight: 0, points: 64}}", "vaes.vae.points"),
    "a file and a family": ("targets: {m: {file: README.md, family: funnel}}", "not both"),
    "a family's setting for another": ("targets: {f: {family: funnel, sigma_y: 1}}", "sigma_y"),
    "a flow's setting for another": ("flows: {planar: {hidden: [8]}}", "flows.planar.hidden"),
    "a setting that is missing": ("flows: {m: {family: nice, hidden: [8]}}", "flows.m.blocks"),
    "nothing to study": ("{targets: {banana: null}, images: {digits: null}}", "neither a target"),
    "autoencoders without images": ("{targets: {banana: {}}, vaes: {vae: {}}}", "no image set"),
    "the default recipe removed": ("recipes: {default: null}", "do not remove it"),
    "more jobs than can be planned": (
        "training: {replicates: 20000, replicates_per_job: 1}", "replicates_per_job"),
    "data that are not there": ("targets: {m: {data: nowhere.npy}}", "no file 'nowhere.npy'"),
    "a model that is not there": ("targets: {m: {file: nowhere.py}}", "no file 'nowhere.py'"),
    "data that are a folder": ("targets: {m: {data: docs}}", "no file 'docs'"),
    "a model that is no Python": ("targets: {m: {file: README.md}}", "README.md, line"),
    "a vast posterior": (
        "targets: {g: {family: gaussian_ar, dim: 1000000000000}}", "targets.g.dim"),
    "vast adaptive chains": (
        "{targets: {f: {family: funnel}}, hmc: {adaptive: {draws: 1000000000000}}}",
        "hmc.adaptive.draws"),
    "a vast hidden layer": ("flows: {nice: {hidden: [1000000000000]}}", "flows.nice"),
    "vast blocks": ("flows: {nice: {blocks: 1000000000000}}", "flows.nice"),
}  # fmt: skip
SHAPES = ("[1]", "3", "text", "true")


def _cases():
    for key in COUNTS:
        for value in NO_COUNTS:
            if not (key in ("training.replicates",) and value == "null"):
                yield (
                    "numbers in configs",
                    f"{key}: {value}",
                    nested(key, yaml.safe_load(value)),
                    key,
                )
    for key in REALS:
        for value in NO_REALS:
            yield "numbers in configs", f"{key}: {value}", nested(key, yaml.safe_load(value)), key
    for key in VAST:
        place = next((own for start, own in NAMED.items() if key.startswith(start)), key)
        yield "sizes", f"{key}: 10^12", nested(key, 10**12), place
        yield "sizes", f"{key}: 10^30", nested(key, 10**30), place
    for section in ("targets", "flows", "images", "vaes", "hmc", "training", "theory", "recipes"):
        for value in SHAPES:
            yield "kinds", f"{section}: {value}", {section: yaml.safe_load(value)}, section
    for what, (overlay, words) in MISTYPED.items():
        yield "mistyped keys", what, overlay, words
    for what, (overlay, words) in TOGETHER.items():
        yield "combinations", what, overlay, words


CASES = [Case(name, kind, planned(overlay, words)) for kind, name, overlay, words in _cases()]
