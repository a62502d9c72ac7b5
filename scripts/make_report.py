"""The report: one page from the tables, verdicts and figures."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.report.page import render
from flowcheck.report.summary import by_flow, floor_of
from theory_study import theory_studies
from vae_study import vae_studies

DATA_NOTES = {
    "embedded": "The data are generated, with exactly the published data set's n, mean and sum of "
    "squares: the posterior sees nothing else of them, so it is the published one to rounding.",
    "course": "The data are the published file's own, checked against its sha256.",
}
PARTS = (
    ("truth", "The truth"),
    ("hmc", "Hamiltonian Monte Carlo"),
    ("flows", "The flows"),
    ("divergences", "The divergences"),
)
# The verdict's checks as readers know them, and on which side of its limit each must lie.
CHECKS = {
    "rhat": ("R-hat", "below"),
    "ess_bulk": ("effective sample size, bulk", "at least"),
    "ess_tail": ("effective sample size, tails", "at least"),
    "ebfmi": ("E-BFMI", "at least"),
    "divergent": ("divergent trajectories", "below"),
}
FIGURES = ("elbo", "few_draws", "many_draws", "divergences")


def target_study(name: str, settings: dict, paths: dict) -> dict:
    """Everything the page shows of one target, read from its results."""
    return {
        "id": name,
        "name": name,
        "title": f"The {name} posterior",
        "template": "target.html.j2",
        "parts": PARTS,
        "settings": settings,
        "data_note": DATA_NOTES.get(settings["data"], f"The data are {settings['data']}."),
        "n": files.read_arrays(paths["data"])["y"].size,
        "kl_draws": snakemake.params.kl_draws,
        "exact": files.read_json(paths["exact"]),
        "checks": CHECKS,
        "verdict": files.read_json(paths["verdict"]),
        "flows": by_flow(pd.read_csv(paths["divergence"])),
        "floor": floor_of(pd.read_csv(paths["floor"])),
        "figures": {figure: paths[figure] for figure in FIGURES},
    }


studies = []
for i, (name, settings) in enumerate(snakemake.params.targets.items()):
    kinds = ("data", "exact", "verdict", "divergence", "floor", *FIGURES)
    studies.append(target_study(name, settings, {k: snakemake.input[k][i] for k in kinds}))
studies += vae_studies(snakemake)
studies += theory_studies(snakemake)
provenance = files.read_json(snakemake.input.provenance)
page = render(studies, provenance, "flowcheck: how far from the truth?")
files.write_whole(snakemake.output.report, lambda file: file.write_text(page, encoding="utf-8"))
