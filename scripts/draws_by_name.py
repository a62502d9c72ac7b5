"""What the figures of draws begin with: draws by name, of the parameters that are shown."""

import pandas as pd
from flowcheck import files
from flowcheck.named_draws import scalars, worst_parameters
from flowcheck.plots.marginals import draws_of

SHOWN = 8


def drawn(snakemake) -> tuple[dict, dict, dict, str]:
    """The truth's draws and each approximation's, [chain, draw] by parameter, families, a note."""
    paths, params = snakemake.input, snakemake.params
    moments = pd.read_csv(paths.moments, keep_default_na=False, na_values=[""])
    shown = worst_parameters(moments, SHOWN)
    truth = draws_of(scalars(files.read_chains(paths.truth_draws)["posterior"]), shown)
    approximations = {
        name: draws_of(scalars(files.read_chains(path)["posterior"]), shown)
        for name, path in zip(params.flows, paths.draws, strict=True)
    }
    note = "" if truth else "no draws can stand as the truth: the approximations alone"
    return truth, approximations, params.families, note
