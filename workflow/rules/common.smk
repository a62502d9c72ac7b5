# What all rules share: the completed config, what it names, and paths below the output folder.

import importlib.util
import os
import sys
from pathlib import Path


def _load_library():
    """workflow/lib as the package flowcheck_workflow, a name that no host workflow has."""
    folder = (
        Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parent / "lib"
    )
    loaded = sys.modules.get("flowcheck_workflow")
    if loaded is None or Path(loaded.__file__).parent != folder:
        for name in [n for n in sys.modules if n.split(".")[0] == "flowcheck_workflow"]:
            del sys.modules[name]
        spec = importlib.util.spec_from_file_location(
            "flowcheck_workflow",
            folder / "__init__.py",
            submodule_search_locations=[str(folder)],
        )
        sys.modules["flowcheck_workflow"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["flowcheck_workflow"])


_load_library()

from flowcheck_workflow.approximations import approximations_of, method_of
from flowcheck_workflow.changes import explain_changes, remember_code
from flowcheck_workflow.combinations import bananas, studied
from flowcheck_workflow.config import complete
from flowcheck_workflow.entries import (
    family_of,
    flow_params,
    own_settings,
    section_of_flows,
    truth_run,
)
from flowcheck_workflow.imports import ROOT, fingerprint
from flowcheck_workflow.jobs import prepare
from flowcheck_workflow.paths import WORDS_FOR_DATA, shortest
from flowcheck_workflow.screen import is_ours, take_over
from flowcheck_workflow.sizes import memory_here
from flowcheck_workflow.vae_config import TEST_FRACTION, vae_params
from flowcheck_workflow.warm_start import WarmStart
from flowcheck_workflow.work import evaluations

prepare()
warm_start = WarmStart()
take_over(workflow, report=lambda: out("report.html"))

# With --jobs and a cluster, jobs run elsewhere, and have that machine's memory.
elsewhere = workflow.resource_settings.nodes is not None or not workflow.is_main_process
config = complete(
    config,
    tuple(map(str, workflow.configfiles)),
    memory=None if elsewhere else memory_here(),
)
if workflow.is_main_process:
    explain_changes()


onstart:
    # To keep to its limit on jobs a second, Snakemake looks for jobs to start a second after every time
    # it did, and also when a job ends, so after a hundred jobs it looks a hundred times a second. That
    # took a quarter of a core in a study of 500 jobs. Here the cores limit the jobs.
    if not elsewhere:
        workflow.scheduler.job_rate_limiter = None
    # A container has another Python; and the jobs of a workflow that has this one as a module are its
    # own.
    if not (
        elsewhere or workflow.deployment_settings.deployment_method
    ) and is_ours(workflow):
        warm_start.begin(jobs=sum(1 for _ in workflow.dag.needrun_jobs()))


onsuccess:
    warm_start.end()
    remember_code()


onerror:
    warm_start.end()


TARGETS, VAES = config["targets"], config["vaes"]
# Without an autoencoder to train on them, images are of no use.
IMAGES = config["images"] if VAES else {}
# Flows are shown in the order of their names, whatever the order of the config.
SECTIONS = {target: section_of_flows(target, TARGETS[target]) for target in TARGETS}
FLOWS = {target: sorted(config[section]) for target, section in SECTIONS.items()}
ALL_FLOWS = sorted({flow for flows in FLOWS.values() for flow in flows})
# Approximations that are not flows: by target, and by the two ways to obtain one.
APPROXIMATIONS = {target: approximations_of(config, target) for target in TARGETS}
FITTED, READ = (
    {
        name
        for entries in APPROXIMATIONS.values()
        for name, entry in entries.items()
        if ("file" in entry) == from_file
    }
    for from_file in (False, True)
)
# Flows and others, as tables and figures show them together.
EVERYTHING = {
    target: sorted([*FLOWS[target], *APPROXIMATIONS[target]]) for target in TARGETS
}
# Worked out once: flows have a job per target, and each job asks for its settings one by one.
_PARAMS = {
    (section, flow): flow_params(config, section, flow)
    for section in set(SECTIONS.values())
    for flow in config[section]
}
FLOW_PARAMS = {
    (target, flow): _PARAMS[SECTIONS[target], flow]
    for target in TARGETS
    for flow in FLOWS[target]
}
# Flows whose replicates are trained in several jobs, on some target at least.
IN_PARTS = {
    flow
    for (_, flow), own in FLOW_PARAMS.items()
    if (own["replicates_per_job"] or own["replicates"]) < own["replicates"]
}
FAMILIES = {target: family_of(target, entry) for target, entry in TARGETS.items()}
# What belongs to the problem set runs where there is a banana, and on one of them.
BANANAS, STUDIED = bananas(config), studied(config)
THEORY_FIGURES = ["contraction", "multisample"] if STUDIED else []
if config["theory"]["gradients"]["flow"] in FLOWS.get(STUDIED, ()):
    THEORY_FIGURES.append("gradients")
# The table of all autoencoders' bounds: part of the theory.
VAE_BOUNDS = [f"{config['output']}/theory/vae_bounds.csv"] if STUDIED and VAES else []
# Of a banana, the draws themselves; of any other posterior, what shows many dimensions.
TARGET_FIGURES = {
    target: [
        *(["elbo", "layers", "learning"] if FLOWS[target] else []),
        *(
            ["few_draws", "many_draws", "divergences", "costs"]
            if target in BANANAS
            else [
                *["marginals", "pairs", "moments", "divergences", "traces"],
                *["thumbnails", "costs"],
            ]
        ),
    ]
    for target in TARGETS
}
VAE_FIGURES = ["bounds", "real", "generated", "reconstructions", "latent", "gaps"]
ENVIRONMENT = "../../environment.yml"
# Rules are offered to the between-workflow cache only where one is in use: Snakemake prints a line
# for each otherwise.
CACHE = "SNAKEMAKE_OUTPUT_CACHE" in os.environ


def one_of(names):
    """A pattern that matches exactly these names."""
    return "|".join(sorted(names)) or "none"


wildcard_constraints:
    target=one_of(TARGETS),
    flow=one_of(ALL_FLOWS),
    approximation=one_of(FITTED | READ),
    run="short|long",
    images=one_of(IMAGES),
    vae=one_of(VAES),
