"""Names of approximations as readers know them."""

_LABELS = {
    "planar": "planar",
    "nice": "NICE",
    "realnvp": "RealNVP",
    "mean_field": "mean-field",
    "full_rank": "full-rank",
    "spline": "spline",
    "radial": "radial",
    "iaf": "IAF",
    "maf": "MAF",
    "laplace": "Laplace",
    "pathfinder": "Pathfinder",
}


def label(flow: str) -> str:
    """An approximation's name as readers know it: `nice_course` -> "NICE course"."""
    for known in sorted(_LABELS, key=len, reverse=True):
        if flow == known or flow.startswith(f"{known}_"):
            return " ".join([_LABELS[known], *filter(None, flow[len(known) :].split("_"))])
    return flow.replace("_", " ")
