"""Sentences for approximations that have no KL, and that they never are what is trusted."""

import pandas as pd
import pytest

from flowcheck.report.brief import brief
from flowcheck.report.summary import by_flow

TRUTH = {"grade": "exact"}
VERDICT = {"passed": True}
COLUMNS = [
    "flow", "replicate", "elbo", "elbo_se", "kl", "kl_se", "kl_forward", "kl_forward_se", "kl_knn",
    "pareto_k", "skipped_steps", "kl_mc", "kl_mc_se", "kl_forward_mc", "kl_forward_mc_se",
    "kl_shape", "kl_unseen", "eubo", "tv", "c2st_best", "sliced_w2",
]  # fmt: skip
DISTANCES = {
    "sliced_w2": {"value": 0.31, "floor_mean": 0.021, "floor_sd": 0.004},
    "c2st": {"value": 0.634, "floor_mean": 0.5, "floor_sd": 0.01},
}


def facts(**own):
    usual = {
        "kind": "file",
        "method": "draws",
        "refused": None,
        "notes": [],
        "draws": 5000,
        "effective_sample_size": None,
        "distances": None,
        "replicates": [{"misses_part_of_p": False, "missing_mass": 0.0}],
    }
    return usual | own


FACTS = {
    "planar": {"method": "Monte Carlo", "replicates": []},
    "mine": facts(method="refused", refused="mine.npz: there are no draws of 'tau'"),
    "laplace": facts(kind="fitted", method="refused", refused="it needs a mode"),
    "draws": facts(distances=DISTANCES),
    "weighed": facts(
        method="weights up to a constant", effective_sample_size=1234.5, distances=DISTANCES
    ),
}


def judged(truth=TRUTH):
    rows = [dict.fromkeys(COLUMNS) | {"flow": name, "replicate": 0} for name in FACTS]
    rows[0] |= {"elbo": -1.0, "kl": 0.7, "kl_se": 0.01, "pareto_k": 0.9, "skipped_steps": 0}
    rows[4] |= {"pareto_k": 0.35}
    table = pd.DataFrame(rows)
    table[COLUMNS[2:]] = table[COLUMNS[2:]].astype(float)
    families = {name: name for name in FACTS}
    return brief("t", truth, VERDICT, 3, by_flow(table, FACTS), None, families)


@pytest.mark.parametrize("grade", ["exact", "unverified"])
def test_each_is_a_line_that_says_why(grade):
    lines = {line.name: line for line in judged({"grade": grade}).lines}
    assert lines["mine"].text == "mine was refused: mine.npz: there are no draws of 'tau'."
    assert lines["Laplace"].text == "Laplace could not be fitted: it needs a mode."
    assert lines["draws"].text == (
        "draws came without log_q, so its KL is unknown; sliced W2 is 0.310 sds, and 0.0210 ± "
        "0.0040 between two samples of the truth; a trained classifier is right 63.4 % of the "
        "time, and 50.0 ± 1.0 % on such a pair."
    )
    assert "Pareto k 0.35, effective sample size 1,234 of 5,000 draws" in lines["weighed"].text
    assert all(lines[name].band is None for name in ("mine", "Laplace", "draws", "weighed"))


def test_none_of_them_is_trusted_and_the_refused_come_last():
    found = judged()
    assert found.trust == "None of the approximations should be trusted."
    assert [line.name for line in found.lines] == ["planar", "draws", "weighed", "Laplace", "mine"]


def test_an_unverified_truth_compares_the_bounds_of_those_that_have_one():
    text = {line.name: line.text for line in judged({"grade": "unverified"}).lines}
    assert "planar has the highest ELBO" in text["planar"]
