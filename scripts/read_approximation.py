"""An approximation made elsewhere: its draws on R^dim, or why its file was refused."""

from step import snakemake

import numpy as np
from approximation_files import no_draws, write_approximation
from flowcheck.approximations.arrays import LOGS
from flowcheck.approximations.outside import Refused, take
from flowcheck.user_data import read_draws
from load_target import load_target

params = snakemake.params
posterior = load_target(snakemake)
path, entry = str(snakemake.input.file), params.entry
space, unnormalised = entry.get("space", "constrained"), entry.get("unnormalised", False)
refused, notes = None, []
theta, log_q, log_p = no_draws(posterior.dim)
try:
    try:
        found = read_draws(path, LOGS)
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from None
    given, notes = take(posterior, found, space, unnormalised)
    theta = given.theta
    unknown = np.full(len(theta), np.nan)
    log_q, log_p = (unknown if one is None else one for one in given[1:])
except Refused as error:
    # Part of a file's name may stand in the message already.
    said = str(error)
    refused = said if path in said else f"{path}: {said}"
    print(f"WARNING: {params.approximation} was refused: {refused}")
run = {
    "file": path,
    "device": "elsewhere",
    "space": space,
    "unnormalised": unnormalised,
    "refused": refused,
    "notes": notes,
}
write_approximation(snakemake.output, posterior, theta, log_q, log_p, run)
