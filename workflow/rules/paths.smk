# Paths below the study's output folder: of a target, of its flows, of whatever approximates it.


def out(path):
    """A path below the study's output folder."""
    return f"{config['output']}/{path}"


def of_targets(path):
    """A path with {target} for every target, in the order of their names."""
    return expand(out(path), target=sorted(TARGETS))


def truth_files(target):
    """What a target is asked for by its own name, beside its figures."""
    names = [
        "divergence.csv",
        "moments.csv",
        "knn_floor.csv",
        "truth.json",
        "hmc/long.json",
    ]
    names += ["hmc/short.nc"] if target in BANANAS else []
    return [out(f"{target}/{name}") for name in names]


def target_figures(suffix, *targets):
    """Every figure of these targets, in the order of their names."""
    return [
        out(f"figures/{target}/{name}{suffix}")
        for target in sorted(targets)
        for name in TARGET_FIGURES[target]
    ]


def of_flows(path):
    """Input function: a path with {target} and {flow}, for every flow of the target."""
    return lambda wildcards: expand(
        out(path), target=wildcards.target, flow=FLOWS[wildcards.target]
    )


def of_every_flow(path, targets):
    """A path with {target} and {flow}, for every flow of each of the targets."""
    return [
        out(path).format(target=target, flow=flow)
        for target in sorted(targets)
        for flow in FLOWS[target]
    ]


def place_of(target, name, file):
    """A file of one approximation of a target, be it a flow or not."""
    kind = "flows" if name in FLOWS[target] else "approximations"
    return out(f"{target}/{kind}/{name}/{file}")


def of_all(file):
    """Input function: a file of every approximation of the job's target, flows and others."""
    return lambda wildcards: of_everything(file, wildcards.target)


def of_everything(file, *targets):
    """A file of every approximation, flows and others, of each of the targets."""
    return [
        place_of(target, name, file)
        for target in sorted(targets)
        for name in EVERYTHING[target]
    ]


def of_every_vae(path, **wildcards):
    """A path with {images} and {vae}, for every autoencoder on every image set."""
    return expand(out(path), images=sorted(IMAGES), vae=sorted(VAES), **wildcards)


def log_of(path):
    """The log of the job that makes `path`, at a place that mirrors it."""
    return out(f"logs/{path}.log")
