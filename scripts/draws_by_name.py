"""What the figures of draws begin with: draws by name, of the parameters that are shown."""

from flowcheck import files
from flowcheck.named_draws import check_names, scalars, worst_parameters
from flowcheck.plots.marginals import draws_of

SHOWN = 8


def drawn(snakemake, count: int = SHOWN) -> tuple[dict, dict, dict]:
    """The truth's draws and each approximation's, [chain, draw] by parameter, and families.

    count: the parameters to show, the worst, where the config does not name them.
    """
    paths, params = snakemake.input, snakemake.params
    moments = files.read_table(paths.moments)
    if params.parameters:
        shown = check_names(params.parameters, list(moments["parameter"].unique()))
    else:
        shown = worst_parameters(moments, count)
    truth = draws_of(scalars(files.read_chains(paths.truth_draws)["posterior"]), shown)
    approximations = {
        name: draws_of(scalars(files.read_chains(path)["posterior"]), shown)
        for name, path in zip(params.flows, paths.draws, strict=True)
    }
    # Of one that was refused there are none.
    return truth, {k: draws for k, draws in approximations.items() if draws}, params.families
