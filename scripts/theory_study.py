"""What the report shows of the theory, of the published solution's errors, and the appendix."""

from pathlib import Path

import pandas as pd
from flowcheck import files
from flowcheck.report import prose

PARTS = [
    ("contraction", "KL shrinks under a reversible kernel"),
    ("multisample", "More samples, a higher bound"),
    ("gradients", "Two gradients of one bound"),
]


def theory_studies(snakemake) -> list[dict]:
    """The sections on the theory, on the published solution's errors, and the appendix."""
    paths, figures = snakemake.input, snakemake.params.theory_figures
    facts = files.read_json(paths.contraction_facts)
    errors = pd.read_csv(paths.published_errors)
    appendix = Path(paths.appendix).read_text(encoding="utf-8")
    title, body = appendix.split("\n", 1)
    return [
        {
            "id": "theory",
            "title": "The theory, shown",
            "template": "theory.html.j2",
            "parts": [part for part in PARTS if part[0] in figures],
            "facts": facts,
            "kernels": by_kernel(pd.read_csv(paths.contraction), facts["kernels"]),
            "bounds": _by(pd.read_csv(paths.multisample), ["target", "flow"], "log_evidence"),
            "vae_bounds": [
                row
                for path in paths.theory_vae_bounds
                for row in _by(pd.read_csv(path), ["images", "vae", "split"], "log_px")
            ],
            "figures": dict(zip(figures, paths.theory_figures, strict=True)),
        },
        {
            "id": "errors",
            "title": "What the published solution got wrong",
            "template": "errors.html.j2",
            "parts": [],
            "claims": by_claim(errors),
        },
        {
            "id": "appendix",
            "title": title.removeprefix("# "),
            "template": "appendix.html.j2",
            "parts": [
                (id.removeprefix("appendix-"), words)
                for id, words in prose.headings(body, "appendix")
            ],
            "html": prose.to_html(body, "appendix", level=1),
        },
    ]


def by_claim(errors: pd.DataFrame) -> list[dict]:
    """Per claim, in the table's order: what is right, and what was measured of the difference."""
    return [
        {"claim": claim, "right": right, "rows": ours.to_dict("records")}
        for (claim, right), ours in errors.groupby(["claim", "right"], sort=False)
    ]


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
