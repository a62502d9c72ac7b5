"""How often a study evaluates each posterior, so that `snakemake check` can state the hours."""

from .entries import family_of, flow_params, section_of_flows

# A trajectory of the run that adapts itself, in leapfrog steps; what it will be is not known yet.
USUAL_STEPS = 20


def evaluations(config: dict, target: str) -> dict[str, int]:
    """Gradients of `target` in all of a study: by its chains, and by the training of its flows."""
    entry, hmc = config["targets"][target], config["hmc"]
    banana = family_of(target, entry) == "banana"
    runs = ["short"] if banana else []
    if not entry.get("reference"):
        runs.append("long" if banana else "adaptive")
    chains = 0
    for run in (hmc[name] for name in runs):
        steps = run.get("leapfrog_steps") or min(USUAL_STEPS, run["max_leapfrog"])
        chains += run["chains"] * (run["warmup_draws"] + run["draws"]) * steps
    section, training = section_of_flows(target, entry), 0
    for flow in config[section]:
        own = flow_params(config, section, flow)
        recipe = own["recipe"]
        training += recipe["iterations"] * recipe["samples"] * own["replicates"]
    return {"chains": chains, "training": training}
