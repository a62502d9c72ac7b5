"""Why an approximation is poor: each rule by tables made up for it, and the order of the rules."""

import pytest

from flowcheck.report.causes import RULES, symptoms, why
from tests.flowcheck.report.rows import NAN, moments, row

FAMILIES = {
    name: name
    for name in (
        "mean_field", "full_rank", "laplace", "planar", "radial", "nice", "realnvp", "spline",
    )
} | {"my_planar": "planar"}  # fmt: skip
FINE = {"mu": (0.01, 1.01), "tau": (-0.02, 0.98)}
NARROW = {"mu": (0.01, 1.0), "tau": (0.0, 0.31)}


def said(flow, rows, ours=None):
    """The sentence on `flow`; rows: of all approximations; ours: what its moments are."""
    (own,) = (one for one in rows if one["flow"] == flow)
    table = None if ours is None else moments(**{flow: ours})
    return why(symptoms(own, rows, table, FAMILIES))


@pytest.mark.parametrize(
    ("flow", "rows", "ours", "words"),
    [
        # A dropped mode: what is missed is unseen, and the weights are constant.
        ("realnvp", [row("realnvp", 0.357, missed=1, missing_mass=0.3, kl_shape=(4e-5, None),
                         kl_unseen=(0.357, None))], NARROW,
         ["dropped the rest, about 30 % of the mass", "right to 4.00 × 10⁻⁵ nats"]),
        # Missed mass and a bad shape: no separate mode, so what is narrow is named.
        ("spline", [row("spline", 0.5, missed=1, missing_mass=0.2, kl_shape=(0.3, None),
                        kl_unseen=(0.2, None))], NARROW,
         ["about 20 % of the mass lies where it never draws", "the sd of tau is 31 %",
          "its shape is off by 0.300 nats"]),
        # Correlations: a full-rank Gaussian does much better than independent coordinates.
        ("mean_field", [row("mean_field", 2.6), row("full_rank", 0.7)], NARROW,
         ["independent and the posterior's are not", "reverse KL shrinks the sds", "tau is 31 %",
          "a Gaussian with correlations reaches 0.700 nats"]),
        # The same without the comparison, if the sds have shrunk.
        ("mean_field", [row("mean_field", 2.6)], NARROW, ["independent", "reverse KL shrinks"]),
        # No correlations: the full-rank Gaussian is no better, so it is the shape.
        ("mean_field", [row("mean_field", 0.288), row("full_rank", 0.223)], NARROW,
         ["one width everywhere", "tau is 31 %"]),
        ("full_rank", [row("full_rank", 1.87), row("realnvp", 0.009)], NARROW,
         ["one width everywhere and light tails", "concentrates on its core", "RealNVP reaches"]),
        ("full_rank", [row("full_rank", 0.2)], {"tau": (0.4, 0.9)},
         ["is symmetric; the posterior is skewed (the mean of tau is off by 0.4 sds)"]),
        ("full_rank", [row("full_rank", 0.2)], FINE, ["the posterior has a different shape"]),
        # Laplace's is fitted to nothing but a mode, whichever way the rest differs from it.
        ("laplace", [row("laplace", 0.2)], FINE, ["curvature of one mode", "different shape"]),
        ("laplace", [row("laplace", 26.0)], {"tau": (13, 16.3), "e": (0, 0.4)},
         ["too wide for the posterior as a whole (the sd of tau is 1630 %"]),
        ("laplace", [row("laplace", 0.4)], NARROW, ["too narrow", "sd of tau is 31 %"]),
        ("laplace", [row("laplace", 0.1)], {"tau": (0.4, 0.9)}, ["the mean of tau is off by 0.4"]),
        ("laplace", [row("laplace", 0.4, missed=1, missing_mass=0.3, kl_shape=(4e-5, None),
                         kl_unseen=(0.357, None))], FINE, ["30 % of the mass lies where"]),
        # Few directions: only where another approximation shows that more can be had.
        ("planar", [row("planar", 0.6), row("realnvp", 0.01)], NARROW,
         ["bends space along one direction", "tau is 31 %", "RealNVP reaches 0.0100 nats"]),
        ("my_planar", [row("my_planar", 0.6), row("realnvp", 0.01)], FINE, ["one direction"]),
        ("radial", [row("radial", 0.6), row("realnvp", 0.01)], FINE, ["about one point"]),
        ("planar", [row("planar", 0.6)], FINE, ["no rule explains it"]),
        ("nice", [row("nice", 0.6)], FINE, ["Jacobian determinant is the same everywhere"]),
        # Tails, by the moments or by the weights.
        ("realnvp", [row("realnvp", 0.6)], NARROW, ["tails are lighter", "tau is 31 %"]),
        ("realnvp", [row("realnvp", 0.6, pareto_k=0.9)], FINE,
         ["tails are lighter", "Pareto k 0.90"]),
        ("realnvp", [row("realnvp", 0.6)], {"tau": (0.0, 1.5)}, ["sd of tau is 150 %"]),
        ("realnvp", [row("realnvp", 0.6)], {"tau": (-0.2, 1.0)},
         ["in the wrong place (the mean of tau is off by 0.2 sds)"]),
        ("realnvp", [row("realnvp", 0.6)], None, ["no rule explains it"]),
        ("realnvp", [row("realnvp", 0.6), row("spline", 0.1)], FINE,
         ["no rule explains it", "spline reaches 0.100 nats"]),
        # A family that is nobody's: an approximation from outside, by its symptoms alone.
        ("advi", [row("advi", 0.6), row("realnvp", 0.1)], NARROW, ["tails are lighter"]),
    ],
)  # fmt: skip
def test_rule_gives_its_sentence(flow, rows, ours, words):
    text = said(flow, rows, ours)
    assert [word for word in words if word not in text] == []
    assert text.endswith(".")
    assert " nan" not in text


def test_every_rule_is_reached():
    reached = set()
    for _, rows, ours, _ in test_rule_gives_its_sentence.pytestmark[0].args[1]:
        own = rows[0]
        table = None if ours is None else moments(**{own["flow"]: ours})
        one = symptoms(own, rows, table, FAMILIES)
        reached.add(next(rule for rule in RULES if rule(one)))
    assert reached == set(RULES)


def test_an_approximation_that_misses_mass_is_no_example_of_a_better_one():
    rows = [row("full_rank", 0.6), row("realnvp", 0.01, missed=1, missing_mass=0.3)]
    assert "RealNVP" not in said("full_rank", rows, FINE)


def test_unknown_numbers_lead_to_no_rule_of_theirs():
    rows = [row("realnvp", 0.6, pareto_k=NAN, kl_shape=(NAN, None))]
    assert "no rule explains it" in said("realnvp", rows, {"tau": (NAN, NAN)})
