"""What the report and the summary both say: the brief of every posterior, from its tables."""

from flowcheck import files
from flowcheck.report.brief import Brief, brief
from flowcheck.report.summary import by_flow


def facts_by_target(paths: list[str]) -> dict[str, dict[str, dict]]:
    """target -> flow -> what the flow's measurement noted beside its table."""
    found = {}
    for one in map(files.read_json, paths):
        found.setdefault(one["target"], {})[one["flow"]] = one
    return found


def read_briefs(snakemake) -> list[Brief]:
    """The brief of every target, in the order of `params.families`: target -> flow -> family."""
    paths = snakemake.input
    facts = facts_by_target(paths.divergence_facts)
    truths = [files.read_json(path) for path in paths.truth]
    bounds = {}
    if table := paths.get("constant_jacobian"):
        least = files.read_table(table).groupby("target")["kl"].min()
        bounds = least.to_dict()
    return [
        brief(
            name,
            truths[i],
            files.read_json(paths.verdict[i]),
            files.read_json(paths.look[i])["dim"],
            by_flow(files.read_table(paths.divergence[i]), facts.get(name, {})),
            files.read_table(paths.moments[i]),
            families,
            bounds.get(name),
        )
        for i, (name, families) in enumerate(snakemake.params.families.items())
    ]
