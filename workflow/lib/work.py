"""How often a study evaluates each posterior, so that `snakemake check` can state the hours."""

from .entries import family_of, flow_params, section_of_flows, truth_run

# A trajectory of the run that adapts itself, in leapfrog steps; what it will be is not known yet.
USUAL_STEPS = 20


def evaluations(config: dict) -> dict[str, dict[str, int]]:
    """Gradients of each target in all of a study: by its "chains", by the "training" of flows."""
    targets = config["targets"]
    sections = {target: section_of_flows(target, entry) for target, entry in targets.items()}
    # Most targets have the same flows.
    training = {section: _by_training(config, section) for section in set(sections.values())}
    return {
        target: {"chains": _by_chains(config, target), "training": training[sections[target]]}
        for target in sorted(targets)
    }


def _by_chains(config: dict, target: str) -> int:
    entry, hmc = config["targets"][target], config["hmc"]
    runs = ["short"] if family_of(target, entry) == "banana" else []
    if not entry.get("reference"):
        runs.append(truth_run(target, entry))
    chains = 0
    for run in (hmc[name] for name in runs):
        steps = run.get("leapfrog_steps") or min(USUAL_STEPS, run["max_leapfrog"])
        chains += run["chains"] * (run["warmup_draws"] + run["draws"]) * steps
    return chains


def _by_training(config: dict, section: str) -> int:
    settings = [flow_params(config, section, flow) for flow in config[section]]
    return sum(
        own["recipe"]["iterations"] * own["recipe"]["samples"] * own["replicates"]
        for own in settings
    )
