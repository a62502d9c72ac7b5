# What rules pass to their steps: params that follow from the config by target, flow or autoencoder,
# and the mappings of those that recur.


def own_file(target, key):
    """The file of the user's own that a target's entry names under `key`, if it names one."""
    path = TARGETS[target].get(key)
    return [] if path is None or path in WORDS_FOR_DATA else [local(path)]


def families_of(*targets):
    """The family of each approximation, by name, on these targets: a flow's own, the method that
    fitted it, or, of draws made elsewhere, the name."""
    flows = {
        flow: FLOW_PARAMS[target, flow]["family"]
        for target in targets
        for flow in FLOWS[target]
    }
    return flows | {
        name: method_of(name, entry) or name
        for target in targets
        for name, entry in APPROXIMATIONS[target].items()
    }


def entry_of(wildcards):
    """The config's entry of the job's approximation."""
    return APPROXIMATIONS[wildcards.target][wildcards.approximation]


def code(step, *modules, target=False, flow=False):
    """Param: the digest of the code that a step depends on.

    modules: those it imports by name; target, flow: whether it imports the job's target and flow.
    """

    def digest(wildcards):
        by_name, own = list(modules), None
        if target:
            own = TARGETS[wildcards.target].get("file")
            family = "base" if own else FAMILIES[wildcards.target]
            by_name.append(f"flowcheck.targets.{family}")
        if flow:
            family = FLOW_PARAMS[wildcards.target, wildcards.flow]["family"]
            by_name.append(f"flowcheck.flows.{family}")
        return fingerprint(f"scripts/{step}.py", *by_name, own=own)

    return digest


def data_of(target):
    """Param: where a target's data come from; None where it has none."""
    usual = "embedded" if FAMILIES[target] == "banana" else None
    return TARGETS[target].get("data", usual)


def code_that_reads_data(target):
    """Param: the digest of the code that reads a target's data, which a family may do itself."""
    family = FAMILIES[target]
    modules = [f"flowcheck.targets.{family}"] if family else []
    return fingerprint("scripts/prepare_data.py", *modules)


def hmc_run(target, run):
    """Param: the settings of one run; the ground truth of a posterior that is no banana adapts."""
    own = truth_run(target, TARGETS[target])
    return config["hmc"][run if run == "short" else own]


def floor_repeats(target):
    """Param: repeats behind the neighbour estimator's floor, fewer where there are many targets."""
    wanted = config["divergence"]["floor_repeats"]
    return wanted if target == STUDIED else min(wanted, 20)


def of_target(value):
    """Params function: `value` of the job's target."""
    return lambda wildcards: value(wildcards.target)


def of_flow(key):
    """Params function: one entry of what the job's flow is trained with."""
    return lambda wildcards: FLOW_PARAMS[wildcards.target, wildcards.flow][key]


def parts_of(target, flow):
    """The first replicate of each part in which a flow is trained."""
    own = FLOW_PARAMS[target, flow]
    return range(0, own["replicates"], own["replicates_per_job"] or own["replicates"])


def of_every_part(file):
    """Input function: one file of each part of a flow, in the order of the replicates."""
    return lambda wildcards: expand(
        out("{target}/flows/{flow}/parts/{first}/{file}"),
        target=wildcards.target,
        flow=wildcards.flow,
        first=parts_of(wildcards.target, wildcards.flow),
        file=file,
    )


def replicates_of_part(wildcards):
    """Params function: how many replicates a part has; the last one may have fewer."""
    own = FLOW_PARAMS[wildcards.target, wildcards.flow]
    whole = own["replicates_per_job"] or own["replicates"]
    return min(whole, own["replicates"] - int(wildcards.first))


def coordinates_of_flow(wildcards):
    """Input function: the Gaussian whose coordinates a flow is trained in, if it is."""
    own = FLOW_PARAMS[wildcards.target, wildcards.flow]["coordinates"]
    return out(f"{wildcards.target}/gaussian.npz") if own == "gaussian" else []


def gaussian_runs(*targets):
    """The targets among these whose flows are trained in a fitted Gaussian's coordinates."""
    return [
        target
        for target in sorted(targets)
        if any(
            FLOW_PARAMS[target, flow]["coordinates"] == "gaussian"
            for flow in FLOWS[target]
        )
    ]


def costed(*targets):
    """(target, approximation) of each run whose cost is noted, in the order of `of_everything`."""
    return [(target, name) for target in sorted(targets) for name in EVERYTHING[target]]


def of_vae(key):
    """Params function: one entry of what the job's autoencoder is trained with."""
    return lambda wildcards: vae_params(config, wildcards.images, wildcards.vae)[key]


# Params that recur: what identifies a posterior, a flow on it, an autoencoder on an image set.
POSTERIOR = {
    "target": "{target}",
    "family": of_target(FAMILIES.get),
    "file": of_target(lambda target: TARGETS[target].get("file")),
    "settings": of_target(lambda target: own_settings(TARGETS[target])),
}
FLOW = POSTERIOR | {
    "flow": "{flow}",
    "flow_family": of_flow("family"),
    "sizes": of_flow("sizes"),
    "replicates": of_flow("replicates"),
}
VAE = {
    "images": "{images}",
    "vae": "{vae}",
    "hidden": of_vae("hidden"),
    "latent": of_vae("latent"),
}

# What approximations are measured against.
TRUTH = {
    "truth": out("{target}/truth.json"),
    "exact_draws": out("{target}/exact_draws.npz"),
    "chains": out("{target}/hmc/long.nc"),
}
