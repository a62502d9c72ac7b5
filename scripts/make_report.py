"""The report: one page from the tables, verdicts and figures."""

from step import snakemake

from briefs import facts_by_target, read_briefs
from costs import read_costs
from flowcheck import files
from flowcheck.named_draws import worst_parameters
from flowcheck.report.heatmap import heat_map, heat_row
from flowcheck.report.page import render
from flowcheck.report.ranking import ranked
from flowcheck.report.summary import by_flow, floor_of, moments_of
from flowcheck.report.without_kl import has_kl, without_kl
from theory_study import theory_studies
from touch_study import touch_of
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
POSTERIOR_PARTS = (
    ("truth", "What its truth is worth"),
    ("hmc", "Hamiltonian Monte Carlo"),
    ("flows", "The approximations"),
    ("parameters", "The parameters"),
)
# The verdict's checks as readers know them, and on which side of its limit each must lie.
CHECKS = {
    "rhat": ("R-hat", "below"),
    "ess_bulk": ("effective sample size, bulk", "at least"),
    "ess_tail": ("effective sample size, tails", "at least"),
    "ebfmi": ("E-BFMI", "at least"),
    "divergent": ("divergent trajectories", "below"),
    "ess_moments": ("effective sample size, means and sds of parameters", "at least"),
}
# Rows of a table of moments: the worst, where there are more parameters.
MOST_PARAMETERS = 20
GRADES = {
    "exact": "The target supplies its evidence.",
    "estimated": "Hamiltonian Monte Carlo passed its verdict, and the estimates of the evidence "
    "agree.",
    "disputed": "The estimates of the evidence disagree: every number that depends on it is "
    "in doubt.",
    "unverified": "There is no exact evidence, and Hamiltonian Monte Carlo failed: only "
    "differences of the ELBO and Pareto k mean anything, and no divergence is given.",
}


def target_study(name: str, settings: dict, paths: dict, facts: dict) -> dict:
    """Everything the page shows of one target, read from its results."""
    data = settings.get("data", "embedded")
    return {
        "id": name,
        "name": name,
        "title": f"The {name} posterior",
        "template": "target.html.j2",
        "parts": PARTS,
        "settings": settings,
        "data_note": DATA_NOTES.get(data, f"The data are {data}."),
        "n": files.read_arrays(paths["data"])["y"].size,
        "quadrature": all(
            one["method"] == "quadrature"
            for one in facts.values()
            if one.get("kind") != "file" and one["method"] != "refused"
        ),
        "draws": max((one["draws"] for one in facts.values()), default=0),
        "exact": files.read_json(paths["exact"]),
        "checks": CHECKS,
        "verdict": files.read_json(paths["verdict"]),
        "flows": [
            row if has_kl(row) else row | {"sentence": without_kl(row, None).text}
            for row in by_flow(files.read_table(paths["divergence"]), facts)
        ],
        "floor": floor_of(files.read_table(paths["floor"])),
        "figures": paths["figures"],
    }


def posterior_study(name: str, paths: dict, facts: dict) -> dict:
    """Everything the page shows of a posterior that is no banana."""
    truth, table = files.read_json(paths["truth"]), files.read_table(paths["divergence"])
    moments = files.read_table(paths["moments"])
    return {
        "id": name,
        "name": name,
        "title": f"The {name} posterior",
        "template": "posterior.html.j2",
        "parts": POSTERIOR_PARTS,
        "look": files.read_json(paths["look"]),
        "truth": truth,
        "grade_words": GRADES[truth["grade"]],
        "evidence": files.read_json(paths["evidence"]),
        "checks": CHECKS,
        "verdict": files.read_json(paths["verdict"]),
        "flows": by_flow(table, facts),
        "moments": moments_of(moments, worst_parameters(moments, MOST_PARAMETERS)),
        "parameters": moments["parameter"].nunique(),
        "figures": paths["figures"],
    }


def gallery(studies: list[dict], truths: list[str]) -> dict | None:
    """Every posterior against every approximation, where there are several of both."""
    columns = sorted({row["flow"] for study in studies for row in study["flows"]})
    if min(len(studies), len(columns)) < 2:
        return None
    grades = [files.read_json(path)["grade"] for path in truths]
    rows = [
        {
            "name": study["name"],
            "grade": grade,
            "cells": heat_row(
                grade, study["flows"], study["brief"].lines, study["places"], columns
            ),
        }
        for study, grade in zip(studies, grades, strict=True)
    ]
    return heat_map(rows, columns)


KINDS = (
    "data", "exact", "verdict", "divergence", "floor", "truth", "evidence", "look", "moments",
)  # fmt: skip
studies, drawn = [], iter(snakemake.input.target_figures)
facts = facts_by_target(snakemake.input.divergence_facts)
briefs, costs = read_briefs(snakemake), read_costs(snakemake)
for i, (name, settings) in enumerate(snakemake.params.targets.items()):
    paths = {kind: snakemake.input[kind][i] for kind in KINDS}
    paths["figures"] = {figure: next(drawn) for figure in snakemake.params.target_figures[name]}
    if settings["family"] == "banana":
        study = target_study(name, settings, paths, facts.get(name, {}))
    else:
        study = posterior_study(name, paths, facts.get(name, {}))
    places = ranked(study["flows"], costs.get(name, {}))
    touch = touch_of(snakemake, name)
    studies.append(study | {"brief": briefs[i], "places": places, "touch": touch})
heat = gallery(studies, snakemake.input.truth)
studies += vae_studies(snakemake)
if snakemake.params.theory_figures:
    studies += theory_studies(snakemake)
provenance = files.read_json(snakemake.input.provenance)
overview = snakemake.input.overview if briefs else None
title = "flowcheck: how far from the truth?"
page = render(studies, provenance, title, briefs, overview, heat, charts=bool(studies))
files.write_whole(snakemake.output.report, lambda file: file.write_text(page, encoding="utf-8"))
