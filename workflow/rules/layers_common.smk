# What a target's job that takes all its flows apart needs to know: its code, and its files by name.


def draw_layers_code(target):
    """Param: the digest of the code of a target's job, which imports all of its flows."""
    own = TARGETS[target].get("file")
    modules = [f"flowcheck.targets.{'base' if own else FAMILIES[target]}"]
    families = {FLOW_PARAMS[target, flow]["family"] for flow in FLOWS[target]}
    modules += [f"flowcheck.flows.{family}" for family in sorted(families)]
    return fingerprint("scripts/draw_layers.py", *modules, own=own)


def files_of_layers(target):
    """The files of a target's job by name, numbered as its flows are: the cache takes no lists."""
    return {
        f"{kind}_{number}": out(f"{target}/flows/{flow}/{kind}.npz")
        for kind in ("layers", "snapshots")
        for number, flow in enumerate(FLOWS[target])
    }
