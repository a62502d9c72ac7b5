"""In brief: every word by its rule, on tables made up for it."""

import math

import pandas as pd
import pytest

from flowcheck.report.brief import BANDS, FAIR, GOOD, POOR, band_of, brief, kl_bands, rules
from flowcheck.report.markdown import to_markdown
from flowcheck.report.summary import by_flow

FAMILIES = {"realnvp": "realnvp", "nice": "nice", "mean_field": "mean_field"}
PASSED = {"passed": True, "cause": None, "cure": None}
FAILED = {"passed": False, "cause": "separate modes", "cure": "join them"}
NAN = math.nan


def truth(grade="exact"):
    return {"grade": grade}


def table(flow="realnvp", kls=(1e-5, 2e-5), **columns):
    """divergence.csv of one flow, a row for each KL."""
    row = {
        "flow": flow, "elbo": -1.0, "kl_se": 0.0, "pareto_k": 0.2, "skipped_steps": 0,
    } | columns  # fmt: skip
    rows = pd.DataFrame([row | {"replicate": r, "kl": kl} for r, kl in enumerate(kls)])
    others = (
        "kl_forward", "kl_knn", "kl_mc", "kl_forward_mc", "kl_shape", "kl_unseen", "eubo", "tv",
        "c2st_best", "sliced_w2", "elbo_se", "kl_forward_se", "kl_mc_se", "kl_forward_mc_se",
    )  # fmt: skip
    return rows.assign(**dict.fromkeys(others, NAN))


def moments(flow="realnvp", mean_error=0.0, sd_ratio=1.0, se=0.0):
    rows = [
        ("truth", 0, "mu", 0.0, 2.0, 0.0, 0.0, 1.0),
        ("truth", 0, "tau", 0.0, 2.0, 0.0, 0.0, 1.0),
        (flow, 0, "mu", 0.0, 2.0, se, 0.0, 1.0),
        (flow, 0, "tau", 0.0, 2.0, se, mean_error, sd_ratio),
    ]
    names = ["approximation", "replicate", "parameter", "mean", "sd", "mean_se"]
    return pd.DataFrame(rows, columns=[*names, "mean_error", "sd_ratio"])


def of(rows, ours=None, facts=None, grade="exact", verdict=PASSED, bound=None):
    rows = by_flow(rows, facts or {})
    return brief("made_up", truth(grade), verdict, 2, rows, ours, FAMILIES, bound)


def test_unsettled_integral_is_no_verdict_by_draws():
    rows = table(kls=(0.01, NAN))
    rows["kl_mc"] = [0.011, 0.013]
    line = of(rows, facts={"realnvp": {"method": "quadrature"}}).lines[0]
    assert line.band == POOR
    assert "does not settle" in line.text
    assert "KL would be 0.0120 ± 0.0014 nats" in line.text
    said = of(rows, facts={"realnvp": {"method": "Monte Carlo"}}).lines[0].text
    assert said == "RealNVP failed: the KL of a replicate could not be computed."


@pytest.mark.parametrize(
    ("columns", "ours", "band"),
    [
        ({}, {}, 0),
        ({"kls": (1e-5, 9e-4)}, {}, 0),
        ({"kls": (1e-5, 1.1e-3)}, {}, GOOD),  # the worst replicate decides
        ({"kls": (9e-4,), "kl_se": 1e-4}, {}, GOOD),  # with two errors added
        ({"kls": (0.049,)}, {}, GOOD),
        ({"kls": (0.051,)}, {}, FAIR),
        ({"kls": (0.51,)}, {}, POOR),
        ({"kls": (1e-5, NAN)}, {}, POOR),
        ({"pareto_k": 0.69}, {}, 0),
        ({"pareto_k": 0.7}, {}, GOOD),
        ({"pareto_k": 1.0}, {}, FAIR),
        ({}, {"mean_error": -0.06}, GOOD),
        ({}, {"mean_error": 0.06, "se": 0.01}, 0),  # within four errors of 0.01 / 2 sds each
        ({}, {"mean_error": 0.2}, FAIR),
        ({}, {"mean_error": 0.6}, POOR),
        ({}, {"sd_ratio": 0.9}, GOOD),
        ({}, {"sd_ratio": 1.3}, FAIR),
        ({}, {"sd_ratio": 0.5}, POOR),
        ({"kls": (0.1,)}, {"mean_error": 0.01}, FAIR),  # the worst of the three decides
    ],
)
def test_word_is_that_of_its_rule(columns, ours, band):
    found = of(table(**columns), moments(**ours))
    assert found.lines[0].band == band
    if not math.isnan(sum(columns.get("kls", (0.0,)))):
        assert BANDS[band].word in found.lines[0].text


def test_best_comes_first_and_is_trusted():
    rows = pd.concat([table("mean_field", (0.2, 0.3)), table(), table("nice", (0.02, 0.02))])
    found = of(rows)
    assert [line.name for line in found.lines] == ["RealNVP", "NICE", "mean-field"]
    assert found.trust == "Trust RealNVP, which cannot be told from the posterior."
    assert found.failures == []


def test_sentence_states_the_spread_over_replicates():
    assert of(table(kls=(1e-5, 2e-5, 3e-5))).lines[0].text == (
        "RealNVP cannot be told from the posterior: KL (2.0 ± 1.0) × 10⁻⁵ nats over 3 replicates."
    )


def test_error_is_stated_where_the_spread_does_not_hide_it():
    quiet = of(table(kls=(0.01, 0.03), kl_se=1e-4)).lines[0].text
    loud = of(table(kls=(0.01, 0.03), kl_se=5e-3)).lines[0].text
    assert "standard error" not in quiet
    assert "standard error 5.00 × 10⁻³" in loud


def test_one_replicate_has_no_spread():
    text = of(table(kls=(0.02,))).lines[0].text
    assert "KL 0.0200 nats in one replicate" in text
    assert "±" not in text


def test_mass_that_is_missed_is_said_first_and_makes_it_poor():
    facts = {
        "realnvp": {
            "replicates": [
                {"misses_part_of_p": True, "missing_mass": 0.3},
                {"misses_part_of_p": False, "missing_mass": 0.0},
            ]
        }
    }
    found = of(table(kls=(1e-4, 1e-4)), facts=facts)
    assert found.lines[0].text.startswith("RealNVP misses about 30 % of the mass in 1 of 2")
    assert found.lines[0].band == POOR
    assert "None" in found.trust


def test_only_fair_is_no_plain_recommendation():
    assert of(table(kls=(0.2,))).trust == (
        "RealNVP is the best, but only fair: check the quantities that you need."
    )


def test_errors_of_moments_name_their_parameter():
    text = of(table(kls=(0.02,)), moments(mean_error=-0.1, sd_ratio=0.88)).lines[0].text
    assert "the worst mean is off by 0.1 sds (tau), the worst sd by −12 % (tau)" in text


@pytest.mark.parametrize(("flow", "said"), [("nice", True), ("realnvp", False)])
def test_the_bound_of_a_constant_jacobian_is_said_of_nice_alone(flow, said):
    text = of(table(flow, (0.0238, 0.0239)), bound=0.02106).lines[0].text
    assert ("cannot go below 0.0211" in text) == said


def test_without_a_truth_there_is_no_word_and_no_kl():
    rows = pd.concat([table(kls=(NAN, NAN)), table("nice", (NAN, NAN), elbo=-1.5, pareto_k=0.9)])
    found = of(rows, grade="unverified", verdict=FAILED)
    assert [line.band for line in found.lines] == [None, None]
    best, other = (line.text for line in found.lines)
    assert best == "RealNVP has the highest ELBO; Pareto k 0.20 is good, which cannot rule out " \
        "missed mass."  # fmt: skip
    assert other.startswith("NICE's ELBO is 0.500")
    assert "0.90: do not reweight" in other
    assert not any("KL" in line.text for line in found.lines)
    assert "No approximation can be recommended" in found.trust


def test_what_failed_is_said_with_cause_and_cure():
    found = of(table(skipped_steps=2), verdict=FAILED)
    verdict, skipped = found.failures
    assert "Likely cause: separate modes. How to fix it: join them. The exact evidence" in verdict
    assert "RealNVP skipped 4 training steps" in skipped
    (disputed,) = of(table(), grade="disputed").failures
    assert "disagree" in disputed


def test_bands_of_the_figure_are_those_of_the_words():
    assert [limit for _, limit in kl_bands()] == [0.001, 0.05, 0.5, None]
    text = " ".join(rules())
    assert all(f"{limit:g} nats" in text for _, limit in kl_bands() if limit)
    # Pinsker: what the rules promise of a classifier at the first limit.
    assert f"{100 * (0.5 + 0.5 * math.sqrt(BANDS[0].kl / 2)):.1f} %" in text


def test_summary_says_the_same():
    found = of(table(skipped_steps=1))
    text = to_markdown([found], "Title")
    assert text.startswith("# Title\n\n## made_up\n\n2 dimensions; the truth is exact. **Trust Re")
    for said in (found.lines[0].text, found.failures[0], *rules()):
        assert f"- {said}\n" in text


def test_a_heavy_tail_lowers_the_word_only_where_kl_was_estimated_from_the_weights():
    row = {"kl_worst": 2e-5, "kl_se": 1e-9, "missed": 0, "pareto_k": 1.2}
    assert band_of(row | {"by_quadrature": True}, None) == 0
    assert band_of(row | {"by_quadrature": False}, None) == 2


def test_only_what_is_fair_or_poor_has_a_reason_and_the_summary_says_it():
    rows = pd.concat([table(), table("mean_field", (0.2,))])
    found = of(rows, moments("mean_field", sd_ratio=0.5))
    assert [(line.flow, bool(line.why)) for line in found.lines] == [
        ("realnvp", False), ("mean_field", True),
    ]  # fmt: skip
    assert "the sd of tau is 50 %" in found.lines[1].why
    text = to_markdown([found], "Title")
    assert f"- {found.lines[1].text} Why: {found.lines[1].why}\n" in text


def test_without_a_truth_no_reason_is_given():
    found = of(table(kls=(NAN,)), grade="unverified", verdict=FAILED)
    assert [line.why for line in found.lines] == [""]
