"""README's first figure is what the code makes of the numbers that lie beside it."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowcheck import files
from flowcheck.plots import style
from flowcheck.plots.glance import plot_glance
from flowcheck.report.brief import kl_bands

ROOT = Path(__file__).resolve().parents[2]
MEND = "`make glance` makes the figure and its numbers again"


@pytest.fixture(scope="module")
def study():
    return files.read_arrays(ROOT / "docs/glance.npz")


def families(study):
    return dict(zip(map(str, study["flows"]), map(str, study["families"]), strict=True))


def pixels(png):
    return np.asarray(Image.open(png).convert("L"), int)


def test_the_readme_opens_with_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]{30,}\]\(([^)]+)\)", readme)[1] == "docs/glance.png"


def test_the_committed_figure_is_made_of_the_committed_numbers(study, tmp_path):
    figure = plot_glance(study, families(study), kl_bands())
    files.write_figure([tmp_path / "glance.png"], figure)
    made, kept = pixels(tmp_path / "glance.png"), pixels(ROOT / "docs/glance.png")
    assert made.shape == kept.shape, MEND
    # Another processor may round the edge of a letter otherwise; a mark that moved or changed its
    # colour changes hundreds of pixels.
    assert (np.abs(made - kept) > 40).sum() < 100, MEND


def test_the_numbers_are_those_that_the_readme_states(study):
    kl = dict(zip(map(str, study["flows"]), study["kl"], strict=True))
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for flow, label in (("planar", "planar, 8 layers"), ("realnvp", "RealNVP, 4 blocks")):
        value, error, power = re.search(
            rf"{label} \| \(([\d.]+) ± ([\d.]+)\) × 10⁻([³⁵])", text
        ).groups()
        scale = {"³": 1e-3, "⁵": 1e-5}[power]
        # Machines agree within the spread over seeds (docs/limits.md).
        assert kl[flow].mean() == pytest.approx(float(value) * scale, abs=float(error) * scale)


@pytest.mark.parametrize("narrow", [False, True])
def test_every_flow_has_a_panel_and_a_mark_for_each_seed(study, narrow):
    if narrow:
        with style.narrow():
            figure = plot_glance(study, families(study), kl_bands())
    else:
        figure = plot_glance(study, families(study), kl_bands())
    *panels, axis = figure.axes
    assert len(panels) == 1 + len(study["flows"])
    rows = [line for line in axis.lines if len(line.get_xdata()) == study["kl"].shape[1]]
    for line, kl in zip(rows, study["kl"], strict=True):
        np.testing.assert_array_equal(line.get_xdata(), kl)
    figure.savefig(io.BytesIO())


def test_a_changed_number_changes_the_figure(study, tmp_path):
    # What the comparison above would find.
    moved = study | {"kl": study["kl"] * 1.3}
    files.write_figure([tmp_path / "a.png"], plot_glance(moved, families(study), kl_bands()))
    made, kept = pixels(tmp_path / "a.png"), pixels(ROOT / "docs/glance.png")
    assert made.shape != kept.shape or (np.abs(made - kept) > 40).sum() > 100
