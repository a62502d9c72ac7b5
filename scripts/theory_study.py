"""What the report shows of the problem set: its questions, the theory, the errors, the appendix.

All of it belongs to the problem set, and so to a study of its posterior alone.
"""

from pathlib import Path

import pandas as pd
from flowcheck import files
from flowcheck.course import questions
from flowcheck.course.claims import CLAIMS
from flowcheck.report import prose

THEORY_PARTS = [
    ("contraction", "KL shrinks under a reversible kernel"),
    ("multisample", "More samples, a higher bound"),
    ("gradients", "Two gradients of one bound"),
    ("jacobian", "What a constant Jacobian determinant costs"),
]
QUESTION_PARTS = [
    ("kernels", "Markov kernels"),
    ("bounds", "Multi-sample bounds"),
    ("flows", "The banana: flows and Hamiltonian Monte Carlo"),
    ("vae", "The variational autoencoder"),
]
ERROR_PARTS = [
    ("errors", "Errors, and their size"),
    ("slips", "Slips in print"),
    ("credit", "Where it does more than was asked"),
]


def theory_studies(snakemake) -> list[dict]:
    """The sections on the questions, the theory and the published errors, and the appendix."""
    facts = files.read_json(snakemake.input.contraction_facts)
    return [
        question_study(snakemake, facts),
        theory_study(snakemake, facts),
        error_study(snakemake),
        appendix_study(snakemake),
    ]


def question_study(snakemake, facts: dict) -> dict:
    """The problem set's questions, each with its answer in numbers."""
    params, paths = snakemake.params, snakemake.input
    place = list(params.targets).index(facts["target"])
    verdict = files.read_json(paths.verdict[place])
    return {
        "id": "questions",
        "title": "The problem set, question by question",
        "template": "questions.html.j2",
        "parts": QUESTION_PARTS,
        "target": facts["target"],
        "kernels": questions.of_kernels(files.read_table(paths.contraction), facts),
        "bounds": questions.of_bounds(files.read_table(paths.multisample), facts["target"]),
        "draws": questions.of_draws(
            files.read_table(paths.divergence[place]),
            files.read_json(paths.short_run),
            verdict["checks"]["ess_bulk"]["value"],
            verdict["chains"] * verdict["draws"],
        ),
        "vae": _shown_autoencoder(params.vaes, paths),
    }


def _shown_autoencoder(vaes: dict, paths) -> dict | None:
    """The autoencoder that answers question 4: of the largest image set, not one of `course`."""
    sizes = {name: files.read_json(path)["train"] for name, path in _by_name(vaes, paths.images)}
    trained = [name for name in sizes if vaes[name]]
    if not trained:
        return None
    image_set = max(trained, key=lambda name: (sizes[name], name))
    by_recipe = vaes[image_set]
    name = min(by_recipe, key=lambda vae: (by_recipe[vae]["recipe_name"] == "course", vae))
    losses = dict(_by_name(vaes, paths.losses))[image_set]
    return questions.of_autoencoder(files.read_table(losses), name) | {
        "name": name,
        "image_set": image_set,
        "section": f"vae-{image_set}-{name}",
        "losses": f"vae-{image_set}-losses",
    }


def _by_name(vaes: dict, paths) -> list[tuple]:
    """Pairs of an image set's name and its file: one file each, in the same order."""
    return list(zip(vaes, paths, strict=True))


def theory_study(snakemake, facts: dict) -> dict:
    """The statements that the appendix proves, checked where both sides can be computed."""
    paths, figures = snakemake.input, snakemake.params.theory_figures
    vae_bounds = [files.read_table(path) for path in paths.theory_vae_bounds]
    jacobian = least_divergence(files.read_table(paths.constant_jacobian))
    shown = {*figures, *(["jacobian"] if jacobian else [])}
    return {
        "id": "theory",
        "title": "The theory, shown",
        "template": "theory.html.j2",
        "parts": [part for part in THEORY_PARTS if part[0] in shown],
        "jacobian": jacobian,
        "facts": facts,
        "kernels": by_kernel(files.read_table(paths.contraction), facts["kernels"]),
        "bounds": _by(files.read_table(paths.multisample), ["target", "flow"], "log_evidence"),
        "vae_bounds": [
            row for table in vae_bounds for row in _by(table, ["images", "vae", "split"], "log_px")
        ],
        "figures": dict(zip(figures, paths.theory_figures, strict=True)),
    }


def error_study(snakemake) -> dict:
    """What the published solution says, what holds, and the size of the difference."""
    claims = by_claim(files.read_table(snakemake.input.published_errors))
    return {
        "id": "errors",
        "title": "What the published solution got wrong",
        "template": "errors.html.j2",
        "parts": ERROR_PARTS,
        "errors": [claim for claim in claims if claim["kind"] == "error"],
        "slips": [claim for claim in claims if claim["kind"] == "slip"],
        "credit": [claim for claim in claims if claim["kind"] == "credit"],
    }


def appendix_study(snakemake) -> dict:
    """The appendix: docs/theory.md as a section of the page."""
    title, body = Path(snakemake.input.appendix).read_text(encoding="utf-8").split("\n", 1)
    return {
        "id": "appendix",
        "title": title.removeprefix("# "),
        "template": "appendix.html.j2",
        "parts": [
            (id.removeprefix("appendix-"), words) for id, words in prose.headings(body, "appendix")
        ],
        "html": prose.to_html(body, "appendix", level=1),
    }


def by_claim(errors: pd.DataFrame) -> list[dict]:
    """Every claim with its text and the numbers measured for it, in the order of the questions."""
    measured = errors.dropna(subset=["size"])
    return [
        claim._asdict()
        | {
            "rows": [
                row | {"count": row["se"] == 0 and row["size"] == int(row["size"])}
                for row in measured[measured["claim"] == claim.key].to_dict("records")
            ]
        }
        for claim in CLAIMS
    ]


def least_divergence(table: pd.DataFrame) -> dict | None:
    """The least bound of constant_jacobian.csv, its J, and the bound at the largest J, which is 1.

    None where the posterior had no bound, and so the table no rows.
    """
    if table.empty:
        return None
    least = table.loc[table["kl"].idxmin()]
    return {
        "target": least["target"],
        "jacobian": least["jacobian"],
        "kl": least["kl"],
        "at_one": table.loc[table["jacobian"].idxmax(), "kl"],
    }


def by_kernel(table: pd.DataFrame, facts: dict) -> list[dict]:
    """Per kernel: KL at the start, at the end and after how many steps; the rate, and as seen."""
    rows = []
    for kernel, ours in table.groupby("kernel", sort=True):
        kl = ours.set_index("step")["kl"]
        steps = int(kl.index[-1])
        seen = (kl[steps] / kl[steps // 2]) ** (1 / (steps - steps // 2))
        rows.append(
            {"kernel": kernel, "steps": steps, "first": kl[0], "last": kl[steps], "seen": seen}
            | facts[kernel]
        )
    return rows


def _by(table: pd.DataFrame, names: list[str], truth: str) -> list[dict]:
    """Per combination of `names`: the bounds as (K, value, error), and the truth they rise to."""
    return [
        {
            "name": ": ".join([key[0], ", ".join(key[1:])]),
            "bounds": list(zip(ours["k"], ours["value"], ours["se"], strict=True)),
            "truth": ours[truth].iloc[0],
        }
        for key, ours in table.groupby(names, sort=True)
    ]
