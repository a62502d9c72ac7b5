"""What most steps begin with: the posterior that their rule's params describe."""

from flowcheck import files
from flowcheck.targets import load_target as load_own
from flowcheck.targets import make_target


def load_target(snakemake, device="cpu"):
    """The Posterior named in the step's params, given the data among its inputs."""
    return posterior_of(snakemake.params, files.read_arrays(snakemake.input.data), device)


def posterior_of(params, data: dict, device="cpu"):
    """The Posterior of `data`; params: `file` (a user's own) or `family`, and `settings`."""
    if file := params.get("file"):
        return load_own(file, data, params.settings, device)
    return make_target(params.family, data, params.settings, device)
