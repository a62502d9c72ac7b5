"""What the page's sliders and charts show, as JSON for the script that draws them.

Places of points travel as 16-bit integers in base64: a tenth of the size of numbers in print.
"""

import io
import json
from functools import cache

import numpy as np
import pandas as pd
from PIL import Image

from flowcheck.labels import label
from flowcheck.plots.layers import axis_names, box, in_plane
from flowcheck.plots.style import looks
from flowcheck.report.compact import base64_of
from flowcheck.report.figures import on_dark

# Points and grid points on the page, of those in the files.
SLIDER_POINTS, LINE_STEP = 400, 2
CHART_POINTS = 1000
# A box's half width in steps of the integers; the rest of their range is for what lies outside.
HALF = 8000
# Of a latent plane, as many points that show nothing more as a glance can take in.
OTHERS = 3000
# Tiles side by side in a sheet of images.
SHEET_COLUMNS = 25


@cache
def vega() -> str:
    """Vega-Embed's code with Vega's, as vl-convert carries them: what draws the charts."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def as_json(content) -> str:
    """JSON that can stand in a script element: no `</`, and nothing that is not a number."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")


def sliders(flows: dict[str, dict], families: dict, truth: np.ndarray, base: np.ndarray) -> dict:
    """One slider for each flow of a target.

    flows: name -> layers.npz or snapshots.npz; families: of every approximation of the study;
    truth: draws [n, 2] in the same plane, [0, 2] where there are none; base: those of the base.
    """
    first = next(iter(flows.values()))
    last = [in_plane(own, len(own["x"]) - 1)[0] for own in flows.values()]
    limits = box(base, last, truth)
    return {
        "axes": axis_names(first["names"]),
        "half": HALF,
        "truth": _packed(truth[:SLIDER_POINTS], limits),
        "flows": [
            _slider(name, own, looks(families)[name].colour, limits) for name, own in flows.items()
        ],
    }


def _slider(name: str, own: dict, colour: str, limits: np.ndarray) -> dict:
    last = len(own["x"]) - 1
    if "iteration" in own:
        words = [f"after {n:,} iteration{'s' if n > 1 else ''}" for n in own["iteration"].tolist()]
    else:
        words = [f"after block {k} of {last}" if k else "the base density" for k in range(last + 1)]
    places = [in_plane(own, frame) for frame in range(last + 1)]
    points = np.stack([points[:SLIDER_POINTS] for points, _ in places])
    lines = np.stack([lines[:, ::LINE_STEP] for _, lines in places])
    return {
        "name": label(name),
        "colour": [colour, on_dark(colour)],
        "words": words,
        "count": points.shape[1],
        "points": _packed(points, limits),
        "line": lines.shape[2],
        "lines": _packed(lines, limits),
    }


def draws(touch: dict[str, np.ndarray], families: dict) -> dict | None:
    """A chart of draws of the truth and of each flow; touch: a target's touch.npz.

    None where there are not two parameters.
    """
    if len(touch["names"]) < 2:
        return None
    sets = [("the truth", "#000000", touch["truth"])] if len(touch["truth"]) else []
    sets += [
        (label(str(name)), looks(families)[str(name)].colour, own)
        for name, own in zip(touch["flows"], touch["draws"], strict=True)
    ]
    sets = [(name, colour, own[:CHART_POINTS]) for name, colour, own in sets]
    made = [own for *_, own in sets]
    limits = box(made[0], made, touch["truth"])
    return {
        "kind": "draws",
        "axes": [str(name) for name in touch["names"]],
        "half": HALF,
        "limits": limits.tolist(),
        "sets": [
            {"name": name, "colour": [colour, on_dark(colour)], "points": _packed(own, limits)}
            for name, colour, own in sets
        ],
    }


def elbo(histories: dict[str, pd.DataFrame], families: dict, log_evidence: float | None) -> dict:
    """A chart of the ELBO against the iteration, less the log evidence where that is known."""
    sets = []
    for name, table in histories.items():
        colour = looks(families)[name].colour
        table = table[np.isfinite(table["elbo"])]
        curves = [
            {
                "replicate": int(replicate),
                "x": own["iteration"].tolist(),
                "y": [float(f"{gap:.5g}") for gap in own["elbo"] - (log_evidence or 0.0)],
            }
            for replicate, own in table.groupby("replicate")
        ]
        sets.append({"name": label(name), "colour": [colour, on_dark(colour)], "curves": curves})
    return {"kind": "elbo", "known": log_evidence is not None, "sets": sets}


def latent(plane: dict, by_image: dict, touch: dict, pictures: dict) -> tuple[dict, dict]:
    """A chart of the latent plane, and the sheets of images that it shows, as data addresses.

    plane: latent.npz; by_image: image_bounds.npz; touch: touch.npz; pictures: pictures.npz.
    """
    index, places = touch["index"], touch["latent_index"]
    bound = next(name for name in by_image if name.startswith("L_"))
    others = np.delete(plane["mean"], places, axis=0)
    numbers = {name: _rounded(by_image[name][index]) for name in ("elbo", bound, "log_px")}
    chart = {
        "kind": "latent",
        "z1": _rounded(pictures["z1"]),
        "z2": _rounded(pictures["z2"]),
        "others": others[:: -(-len(others) // OTHERS) or 1].round(3).tolist(),
        "points": plane["mean"][places].round(4).tolist(),
        "labels": [str(one) for one in plane["label"][places]],
        "latent": places.tolist(),
        "index": index.tolist(),
        "numbers": list(numbers.values()),
        "columns": SHEET_COLUMNS,
    }
    mesh = pictures["mesh"]
    sheets = {
        "image": sheet(255 * touch["binary"].astype(float)),
        "decoded": sheet(touch["reconstructed"].astype(float)),
        "mesh": sheet(255 * mesh.reshape(-1, *mesh.shape[2:]), mesh.shape[1]),
    }
    return chart, sheets


def sheet(tiles: np.ndarray, columns: int = SHEET_COLUMNS) -> str:
    """Images [n, height, width] from 0, paper, to 255, ink, as one PNG in rows of `columns`."""
    count, height, width = tiles.shape
    rows = -(-count // columns)
    whole = np.zeros((rows * columns, height, width))
    whole[:count] = tiles
    whole = whole.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    pixels = (255 - whole.round()).astype(np.uint8).reshape(rows * height, columns * width)
    file = io.BytesIO()
    # Sixteen greys cannot be told from more at this size, and take half the space.
    Image.fromarray((pixels / 17).round().astype(np.uint8) * 17).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64_of(file.getvalue())}"


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _packed(points: np.ndarray, limits: np.ndarray) -> str:
    """Places [..., 2] as integers: the middle of `limits` is 0, its ends -HALF and HALF."""
    middle, half = limits.mean(1), np.ptp(limits, axis=1) / 2
    steps = np.nan_to_num((points - middle) / half * HALF, nan=32767, posinf=32767, neginf=-32767)
    whole = np.clip(np.round(steps), -32767, 32767).astype("<i2")
    return base64_of(whole.tobytes())
