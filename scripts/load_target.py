"""What most steps begin with: the posterior that their rule's params describe."""

from flowcheck import files
from flowcheck.targets import make_target


def load_target(snakemake):
    """The posterior named in the step's params, given the data among its inputs."""
    params = snakemake.params
    return make_target(params.family, files.read_arrays(snakemake.input.data)["y"], params.settings)
