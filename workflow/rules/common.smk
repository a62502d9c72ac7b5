# What all rules share: the checked config, paths below the output folder, and code as an input.

from snakemake.utils import validate

from workflow.lib.config import check, flow_params, named, own_data, read_schema
from workflow.lib.families import target_arguments
from workflow.lib.imports import sources
from workflow.lib.vae_config import vae_params

SCHEMA = "../schemas/config.schema.yaml"
check(config, read_schema())
validate(config, SCHEMA)  # fills the defaults in

TARGETS = named(config["targets"])
FLOWS = named(config["flows"])
VAES = named(config["vaes"])
IMAGES = named(config["images"]) if VAES else {}
TARGET_FIGURES = ["elbo", "few_draws", "many_draws", "divergences"]
VAE_FIGURES = ["bounds", "real", "generated", "reconstructions", "latent", "gaps"]
THEORY_FIGURES = ["contraction", "multisample"]
if config["theory"]["gradients"]["flow"] in FLOWS:
    THEORY_FIGURES.append("gradients")
ENVIRONMENT = "../../environment.yml"
# Flows are shown in the order of their names, whatever the order of the config.
ORDER = sorted(FLOWS)
# Worked out once: each has a job per target, and each job asks for its settings one by one.
FLOW_PARAMS = {flow: flow_params(config, flow) for flow in ORDER}
# The first replicate of each part, for flows whose replicates are trained in several jobs.
PARTS = {
    flow: range(0, own["replicates"], own["replicates_per_job"])
    for flow, own in FLOW_PARAMS.items()
    if (own["replicates_per_job"] or own["replicates"]) < own["replicates"]
}
FAMILIES = {flow: FLOW_PARAMS[flow]["family"] for flow in ORDER}


wildcard_constraints:
    target="|".join(TARGETS),
    flow="|".join(FLOWS) or "none",
    run="short|long",
    images="|".join(IMAGES) or "none",
    vae="|".join(VAES) or "none",


def out(path):
    """A path below the study's output folder."""
    return f"{config['output']}/{path}"


def of_every_vae(path, **wildcards):
    """A path with {images} and {vae}, for every autoencoder on every image set."""
    return expand(out(path), images=sorted(IMAGES), vae=sorted(VAES), **wildcards)


# The table of all autoencoders' bounds, if there are any.
VAE_BOUNDS = [out("theory/vae_bounds.csv")] if IMAGES else []


def log_of(path):
    """The log of the job that makes `path`, at a place that mirrors it."""
    return out(f"logs/{path}.log")


def target_module(wildcards):
    return f"flowcheck.targets.{TARGETS[wildcards.target]['family']}"


def flow_module(wildcards):
    return f"flowcheck.flows.{FAMILIES[wildcards.flow]}"


def settings_of(target):
    """The target's own settings: those its family takes, besides the data."""
    entry = TARGETS[target]
    return {
        key: entry[key] for key in target_arguments(entry["family"]) if key in entry
    }


def target_settings(wildcards):
    """Params function: the target's own settings."""
    return settings_of(wildcards.target)


def target_code(script):
    """Input function: the step's code and that of the target it works on."""
    return lambda wildcards: sources(script, target_module(wildcards))


def flow_code(script):
    """Input function: the step's code, the target's and the flow's."""
    return lambda wildcards: sources(
        script, target_module(wildcards), flow_module(wildcards)
    )


def flow_setting(key):
    """Params function: one entry of what the flow is trained with."""
    return lambda wildcards: FLOW_PARAMS[wildcards.flow][key]


def replicates_of_part(wildcards):
    """Params function: how many replicates a part has; the last one may have fewer."""
    own = FLOW_PARAMS[wildcards.flow]
    return min(own["replicates_per_job"], own["replicates"] - int(wildcards.first))


def of_every_part(file):
    """Input function: one file of each part of a flow, in the order of the replicates."""
    return lambda wildcards: expand(
        out("{target}/flows/{flow}/parts/{first}/{file}"),
        target=wildcards.target,
        flow=wildcards.flow,
        first=PARTS[wildcards.flow],
        file=file,
    )


def vae_setting(key):
    """Params function: one entry of what the autoencoder is trained with."""
    return lambda wildcards: vae_params(config, wildcards.images, wildcards.vae)[key]


def vae_threads(wildcards):
    """Fixed, whatever `--cores` says: the order of summation, and so the numbers, depend on it.

    Images of 8 x 8 pixels are too small a work to share out.
    """
    return 1 if IMAGES[wildcards.images]["dataset"] == "digits" else 2
