"""Figure: the KL divergence of each approximation of a posterior, against its cost."""

from step import snakemake

from costs import read_costs
from drawing import write_figures
from flowcheck import files
from flowcheck.plots.costs import plot_costs
from flowcheck.report.ranking import error_of
from flowcheck.report.summary import by_flow

params = snakemake.params
costs = read_costs(snakemake).get(params.target, {})
points = []
for row in by_flow(files.read_table(snakemake.input.table), {}):
    cost = costs.get(row["flow"])
    points.append(
        {
            "flow": row["flow"],
            "kl": row["kl"][0],
            "se": error_of(row),
            "seconds": cost and cost.seconds,
            "gradients": cost and cost.gradients,
        }
    )
write_figures(snakemake.output, plot_costs, points, params.families)
