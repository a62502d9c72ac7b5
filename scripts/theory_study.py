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
    appendix = Path(paths.appendix).read_text()
    title, body = appendix.split("\n", 1)
    return [
        {
            "id": "theory",
            "title": "The theory, shown",
            "template": "theory.html.j2",
            "parts": [part for part in PARTS if part[0] in figures],
            "facts": facts,
            "kernels": by_kernel(pd.read_csv(paths.contraction), facts["kernels"]),
            "bounds": by_flow(pd.read_csv(paths.multisample)),
            "figures": dict(zip(figures, paths.theory_figures, strict=True)),
        },
        {
            "id": "errors",
            "title": "What the published solution got wrong",
            "template": "errors.html.j2",
            "parts": [],
            "rows": errors.to_dict("records"),
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


def by_flow(table: pd.DataFrame) -> list[dict]:
    """Per target and flow: the bounds by K with their errors, and the evidence."""
    return [
        {
            "target": target,
            "flow": flow,
            "bounds": list(zip(ours["k"], ours["value"], ours["se"], strict=True)),
            "log_evidence": ours["log_evidence"].iloc[0],
        }
        for (target, flow), ours in table.groupby(["target", "flow"], sort=True)
    ]
