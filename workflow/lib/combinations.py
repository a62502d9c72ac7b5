"""Keys of a config that are valid alone and inconsistent together, or that would do nothing."""

from itertools import pairwise

from .entries import family_of, flow_params, section_of_flows, truth_run
from .families import constant
from .vae_config import empty_split, images_of, vae_params
from .validation import nearest


def contradictions(config: dict, user: dict) -> list[str]:
    """Everything of this kind, a line each; user: the config as the user wrote it."""
    problems = [
        *_of_the_study(config),
        *_of_chains(config),
        *_of_draws(config),
        *_of_trainings(config),
        *_of_the_theory(config, user),
    ]
    return list(dict.fromkeys(problems + _of_images(config)))


def bananas(config: dict) -> list[str]:
    """The targets that the problem set's own computations apply to, by name."""
    return sorted(n for n, entry in config["targets"].items() if family_of(n, entry) == "banana")


def studied(config: dict) -> str | None:
    """The target of the theory's own computations, if the study has one for them."""
    own = bananas(config)
    usual = "banana" if "banana" in own else min(own, default=None)
    return config["theory"]["target"] or usual


def long_runs(config: dict) -> dict[str, list[str]]:
    """The sections of `hmc` whose chains some target's truth rests on, each with those targets."""
    found = {}
    for name, entry in config["targets"].items():
        if not entry.get("reference"):
            found.setdefault(truth_run(name, entry), []).append(name)
    return found


def trained_flows(config: dict) -> list[tuple[str, str]]:
    """Every flow that some target is approximated by, as its section and its name."""
    sections = {section_of_flows(name, entry) for name, entry in config["targets"].items()}
    return sorted((section, flow) for section in sections for flow in config[section])


def _of_the_study(config: dict) -> list[str]:
    problems = []
    if not config["targets"] and not config["images"]:
        problems.append("targets: neither a target nor an image set is left; name at least one")
    if config["vaes"] and not config["images"]:
        problems.append("vaes: there is no image set to train them on; name one under images")
    for name, entry in config["targets"].items():
        if family_of(name, entry) != "banana" and entry.get("data") in ("embedded", "course"):
            problems.append(
                f"targets.{name}.data: only a banana has '{entry['data']}' data; name a file"
            )
    return problems


def _of_chains(config: dict) -> list[str]:
    problems = []
    needed = constant("verdict", "ESS_LIMIT")
    for name, targets in long_runs(config).items():
        run = config["hmc"][name]
        kept = run["chains"] * run["draws"]
        if kept < needed:
            problems.append(
                f"hmc.{name}: {run['chains']} chains of {run['draws']} draws are {kept}, and the "
                f"verdict on {targets[0]} asks for an effective sample size of {needed}: it cannot "
                "pass; raise draws or chains"
            )
    fixed = (["short"] if bananas(config) else []) + [n for n in long_runs(config) if n == "long"]
    for name in fixed:
        run = config["hmc"][name]
        if run["target_acceptance"] is not None and run["warmup_draws"] < 2:
            problems.append(
                f"hmc.{name}.target_acceptance: the step size is adapted during warm-up, and "
                f"warmup_draws is {run['warmup_draws']}; raise that, or write "
                "target_acceptance: null to keep step_size as it is"
            )
    return problems


def _of_draws(config: dict) -> list[str]:
    if not config["targets"]:
        return []
    problems, divergence = [], config["divergence"]
    wanted = divergence["knn_draws"]
    if wanted > divergence["flow_draws"]:
        problems.append(
            f"divergence.knn_draws: {wanted} of the {divergence['flow_draws']} draws that "
            "divergence.flow_draws keeps are wanted; raise that or lower this"
        )
    if divergence["neighbours"] >= wanted:
        problems.append(
            f"divergence.neighbours: a draw has no {divergence['neighbours']} neighbours among "
            f"{wanted} (divergence.knn_draws); lower this or raise that"
        )
    if bananas(config) and wanted > divergence["exact_draws"]:
        problems.append(
            f"divergence.knn_draws: {wanted} of the {divergence['exact_draws']} draws that "
            "divergence.exact_draws keeps are wanted; raise that or lower this"
        )
    for name, targets in long_runs(config).items():
        run = config["hmc"][name]
        kept = run["chains"] * run["draws"]
        if wanted > kept:
            problems.append(
                f"divergence.knn_draws: {wanted} draws are wanted, but hmc.{name} keeps {kept} of "
                f"{targets[0]} ({run['chains']} chains of {run['draws']}); lower this or raise that"
            )
    return problems


def _of_trainings(config: dict) -> list[str]:
    return [
        f"flows.{flow}.warmup: a warm-up of {recipe['warmup']} steps is longer than the training "
        f"of {recipe['iterations']} (iterations); lower it"
        for section, flow in trained_flows(config)
        if (recipe := flow_params(config, section, flow)["recipe"])["warmup"] > recipe["iterations"]
    ]


def _of_the_theory(config: dict, user: dict) -> list[str]:
    theory, target = config["theory"], studied(config)
    if target is None:
        return []
    if target not in bananas(config):
        known = nearest(target, bananas(config)) if bananas(config) else ": this study has none"
        return [f"theory.target: '{target}' is not a banana{known}"]
    problems = []
    multisample = theory["multisample"]
    for smaller, larger in pairwise([*multisample["samples"], multisample["draws"]]):
        if larger == smaller or larger % smaller:
            problems.append(
                f"theory.multisample.samples: {smaller} does not divide {larger}; each "
                "number divides the next, and the last one draws, so that bounds share their draws"
            )
    starts, kept = theory["published"]["starts"], config["divergence"]["exact_draws"]
    if starts > kept:
        problems.append(
            f"theory.published.starts: {starts} of the {kept} draws that divergence.exact_draws "
            "keeps are wanted; raise that or lower this"
        )
    return problems + _of_the_gradients(config, user)


def _of_the_gradients(config: dict, user: dict) -> list[str]:
    # The default's is left out where the study trains no such flow; what was asked for is not.
    asked = (user.get("theory") or {}).get("gradients") or {}
    flow = config["theory"]["gradients"]["flow"]
    if flow in config["flows"] or "flow" not in asked:
        return []
    known = nearest(flow, config["flows"])
    return [f"theory.gradients.flow: no flow '{flow}' in this study{known}"]


def _of_images(config: dict) -> list[str]:
    problems, bounds = [], config["vae_bounds"]
    for name, entry in config["images"].items():
        own_test = entry["dataset"] != "digits" and entry.get("held_out") != "train"
        if own_test and "test_fraction" in entry:
            problems.append(
                f"images.{name}.test_fraction: {entry['dataset']} comes with a test set of its "
                "own; remove this key, or set held_out: train"
            )
            continue
        if missing := empty_split(entry):
            problems.append(
                f"images.{name}.test_fraction: {entry['test_fraction']} leaves {missing}; move it "
                "towards 0.2"
            )
            continue
        train, test = images_of(entry)
        if config["vaes"] and bounds["images"] > min(train, test):
            problems.append(
                f"vae_bounds.images: {bounds['images']} images of each split are wanted, but "
                f"{name} has {train} for training and {test} for the test; lower it"
            )
        for vae in config["vaes"]:
            recipe = vae_params(config, name, vae)["recipe"]
            if recipe["batch"] > train:
                problems.append(
                    f"vaes.{vae}.batch: a batch of {recipe['batch']} is larger than {name}, which "
                    f"has {train} images for training; lower it, or set images.{name}.batch"
                )
            if bounds["evaluations"] > recipe["epochs"]:
                problems.append(
                    f"vae_bounds.evaluations: {bounds['evaluations']} epochs are to be evaluated, "
                    f"but vaes.{vae} has {recipe['epochs']} on {name} (epochs); lower the one or "
                    "raise the other"
                )
    return problems
