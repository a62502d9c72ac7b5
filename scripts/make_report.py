"""The report: one page from the tables, verdicts and figures."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.report.page import render
from flowcheck.report.summary import by_flow, floor_of

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


def target_study(name: str, target: dict, output: str, kl_draws: int) -> dict:
    """Everything the page shows of one target, read from its results."""
    folder, figures = f"{output}/{name}", f"{output}/figures/{name}"
    return {
        "id": name,
        "name": name,
        "title": f"The {name} posterior",
        "template": "target.html.j2",
        "parts": PARTS,
        "settings": target,
        "data_note": DATA_NOTES.get(target["data"], f"The data are read from {target['data']}."),
        "n": files.read_arrays(f"{folder}/data.npz")["y"].size,
        "kl_draws": kl_draws,
        "exact": files.read_json(f"{folder}/exact.json"),
        "verdict": files.read_json(f"{folder}/hmc/long.json"),
        "flows": by_flow(pd.read_csv(f"{folder}/divergence.csv")),
        "floor": floor_of(pd.read_csv(f"{folder}/knn_floor.csv")),
        "figures": {
            figure: f"{figures}/{figure}.svg"
            for figure in ("elbo", "few_draws", "many_draws", "divergences")
        },
    }


params = snakemake.params
studies = [
    target_study(name, target, params.output, params.kl_draws)
    for name, target in params.targets.items()
]
page = render(
    studies, files.read_json(snakemake.input.provenance), "flowcheck: how far from the truth?"
)
files.write_whole(snakemake.output.report, lambda file: file.write_text(page))
