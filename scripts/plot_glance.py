"""Figure: what the project does, at a glance; README's first. Beside it, the numbers it shows."""

from step import snakemake

import numpy as np
from drawing import write_figures
from flowcheck import files
from flowcheck.plots.glance import plot_glance
from flowcheck.report.brief import kl_bands

params, paths, output = snakemake.params, snakemake.input, snakemake.output
table, floor = files.read_table(paths.table), files.read_table(paths.floor)
study = {
    "exact": files.read_arrays(paths.exact_draws)["theta"].astype(np.float32),
    "flows": np.array(params.flows),
    "families": np.array([params.families[flow] for flow in params.flows]),
    "draws": np.stack(
        [
            files.read_arrays(path)["theta"][0, : params.draws].astype(np.float32)
            for path in paths.draws
        ]
    ),
    "kl": np.stack([table.loc[table["flow"] == flow, "kl"] for flow in params.flows]),
    "floor": floor.loc[floor["pair"] == "exact-exact", "kl_knn"].std(),
}
files.write_arrays(output.numbers, **study)
write_figures(output, plot_glance, study, params.families, kl_bands())
