"""What the report and the figures of costs both read: each approximation's cost, by target."""

from flowcheck import files
from flowcheck.report.costs import Cost, cost_of


def read_costs(snakemake) -> dict[str, dict[str, Cost]]:
    """target -> approximation -> cost.

    params.costs: (target, approximation) of each path in input.costs; params.gaussians: the target
    of each in input.gaussians.
    """
    paths, params = snakemake.input, snakemake.params
    gaussians = dict(
        zip(params.gaussians, map(files.read_json, paths.get("gaussians", [])), strict=True)
    )
    found = {}
    for (target, name), path in zip(params.costs, paths.costs, strict=True):
        cost = cost_of(files.read_json(path), gaussians.get(target))
        found.setdefault(target, {})[name] = cost
    return found
