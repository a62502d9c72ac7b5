"""The gallery in miniature, made whole: every cell has a value or a reason, and costs are noted."""

import json
import math
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.repository import copy_to, snakemake

# Seconds. It takes some 200 on two idle cores; this ends a hang.
LIMIT = 1800
TARGETS = ("eight_schools", "gaussian", "mixture")
FLOWS = ("full_rank", "mean_field", "realnvp")


class Cells(HTMLParser):
    """The texts of the heat map's cells, row by row, as a browser without scripts has them."""

    def __init__(self, page: str):
        super().__init__()
        self.rows, self.inside, self.open = [], False, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.inside = self.inside or "heat" in found.get("class", "").split()
        if self.inside and tag == "tr":
            self.rows.append([])
        self.open = self.open or (self.inside and tag == "td")
        if self.inside and tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.open = self.open and tag != "td"
        self.inside = self.inside and tag != "table"

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += f" {data.strip()}"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = copy_to(tmp_path_factory.mktemp("gallery") / "copy")
    done = snakemake(
        folder, "--configfile", "config/gallery_small.yaml", "--cores", "2", limit=LIMIT
    )
    assert done.returncode == 0, done.stdout
    return folder / "results/gallery_small"


@pytest.fixture(scope="module")
def page(results):
    return (results / "report.html").read_text()


def test_every_cell_has_a_value_or_a_reason(results, page):
    rows = [row for row in Cells(page).rows if row]
    assert [len(row) for row in rows] == [len(FLOWS)] * len(TARGETS)
    for target, row in zip(TARGETS, rows, strict=True):
        kls = pd.read_csv(results / target / "divergence.csv").set_index("flow")["kl"]
        grade = json.loads((results / target / "truth.json").read_text())["grade"]
        for flow, text in zip(FLOWS, row, strict=True):
            if kls.notna()[flow]:
                assert re.search(r"\d", text)
                assert grade in text
            else:
                assert re.search("unverified|failed|refused", text)


def test_dropped_mode_and_independent_coordinates_are_named(page):
    # The second unit Gaussian, eight sds away, is dropped; coordinates correlate by 0.9.
    assert "dropped the rest, about" in page
    assert (
        "its coordinates are independent and the posterior's are not".replace("'", "&#39;") in page
    )


def test_correlated_gaussian_is_that_of_the_closed_form(results):
    # q* of a Gaussian with precision P keeps its diagonal: KL = (sum log P_ii - log det P) / 2.
    # An AR(1) correlation r has P_ii = (1, 1 + r^2, 1) / (1 - r^2) and det P = (1 - r^2)^-2 in
    # three dimensions; units cancel.
    r = 0.9
    wanted = 0.5 * math.log((1 + r**2) / (1 - r**2))
    table = pd.read_csv(results / "gaussian" / "divergence.csv").set_index("flow")
    own = table.loc["mean_field"]
    # Four errors of the estimate, and what 300 steps leave to gain, a few hundredths of a nat.
    assert own["kl"] == pytest.approx(wanted, abs=4 * own["kl_se"] + 0.03)
    assert table.loc["full_rank", "kl"] < 1e-6


def test_cost_counts_the_gaussian_of_the_coordinates(results, page):
    fitted = json.loads((results / "mixture/gaussian_run.json").read_text())
    run = json.loads((results / "mixture/flows/realnvp/run.json").read_text())
    assert run["gradients"] == 300 * 128
    assert fitted["gradients"] > 2000 * 64
    assert f"{run['gradients'] + fitted['gradients']:,}" in page


def test_the_page_is_small(page):
    # The charts' library takes 0.9 MB of it, the figures of nine cells most of the rest.
    assert len(page) < 4_000_000
