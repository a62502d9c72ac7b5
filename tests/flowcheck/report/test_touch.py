"""What the page's sliders and charts are given: the right points, images and numbers."""

import base64
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flowcheck.report import touch
from flowcheck.report.page import render
from tests.browser.test_checks import PROVENANCE

FAMILIES = {"planar": "planar", "nice": "nice"}


def unpacked(text, limits):
    """Places in data units, from what travels to the page."""
    whole = np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2) / touch.HALF
    return np.mean(limits, axis=1) + whole * np.ptp(limits, axis=1) / 2


def arrays(frames, rng, dim=2, **more):
    plane = np.arange(min(dim, 2))
    return {
        "x": rng.standard_normal((frames, 50, dim)),
        "lines": rng.standard_normal((frames, 26, 49, dim)),
        "z": rng.standard_normal((50, dim)),
        "plane": plane,
        "names": np.array(["a", "b"][: len(plane)]),
    } | more


def pixels(address):
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), int)


def test_sliders_have_every_frame_and_its_words():
    rng = np.random.default_rng(0)
    flows = {"nice": arrays(3, rng), "planar": arrays(5, rng)}
    truth = rng.standard_normal((1000, 2))
    made = touch.sliders(flows, FAMILIES, truth, flows["nice"]["x"][0])
    assert [one["name"] for one in made["flows"]] == ["NICE", "planar"]
    nice, planar = made["flows"]
    assert nice["words"] == ["the base density", "after block 1 of 2", "after block 2 of 2"]
    assert len(planar["words"]) == 5
    assert nice["colour"][0] != planar["colour"][0]
    # Whatever the limits are, they are one affine map of all points, to a step of the integers.
    seen = np.frombuffer(base64.b64decode(nice["points"]), "<i2").reshape(3, 50, 2)
    for axis in (0, 1):
        slope, start = np.polyfit(flows["nice"]["x"][..., axis].ravel(), seen[..., axis].ravel(), 1)
        fitted = slope * flows["nice"]["x"][..., axis] + start
        np.testing.assert_allclose(seen[..., axis], fitted, atol=1.0)
        assert slope > 0
    lines = np.frombuffer(base64.b64decode(nice["lines"]), "<i2")
    assert lines.size == 3 * 26 * nice["line"] * 2
    assert np.frombuffer(base64.b64decode(made["truth"]), "<i2").size == 2 * touch.SLIDER_POINTS


def test_sliders_of_learning_say_the_iteration():
    rng = np.random.default_rng(0)
    flows = {"nice": arrays(3, rng, iteration=np.array([1, 1000, 2500]))}
    made = touch.sliders(flows, FAMILIES, np.empty((0, 2)), np.zeros((9, 2)))
    words = ["after 1 iteration", "after 1,000 iterations", "after 2,500 iterations"]
    assert made["flows"][0]["words"] == words


def test_a_flow_on_a_line_is_shown_above_its_base():
    own = arrays(2, np.random.default_rng(0), dim=1) | {"lines": np.zeros((2, 1, 49, 1))}
    made = touch.sliders({"nice": own}, FAMILIES, np.empty((0, 2)), np.zeros((9, 2)))
    assert made["axes"] == ["z", "a"]
    assert made["flows"][0]["count"] == 50


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_far_or_not_finite_travels_as_far(bad):
    places = np.array([[bad, 0.0], [0.5, 0.25]])
    limits = np.array([[0.0, 1.0], [0.0, 1.0]])
    whole = np.frombuffer(base64.b64decode(touch._packed(places, limits)), "<i2").reshape(2, 2)
    assert abs(whole[0, 0]) == 32767
    np.testing.assert_allclose(unpacked(touch._packed(places, limits), limits)[1], [0.5, 0.25])


def touched(truth):
    rng = np.random.default_rng(1)
    return {
        "names": np.array(["a", "b"]),
        "flows": np.array(["nice", "planar"]),
        "truth": truth,
        "draws": rng.standard_normal((2, 300, 2)),
    }


@pytest.mark.parametrize("count", [0, 300])
def test_draws_are_where_they_are(count):
    own = touched(np.random.default_rng(2).standard_normal((count, 2)))
    chart = touch.draws(own, FAMILIES)
    names = ["the truth", "NICE", "planar"]
    assert [one["name"] for one in chart["sets"]] == names[0 if count else 1 :]
    limits = np.array(chart["limits"])
    seen = unpacked(chart["sets"][-1]["points"], limits)
    np.testing.assert_allclose(seen, own["draws"][1], atol=np.ptp(limits, axis=1).max() / 8000)


def test_one_parameter_has_no_chart_of_draws():
    assert touch.draws({"names": np.array(["a"])}, FAMILIES) is None


@pytest.mark.parametrize("evidence", [-3.0, None])
def test_curves_are_the_tables_less_the_evidence(evidence):
    table = pd.DataFrame(
        {"iteration": [1, 10, 1, 10], "replicate": [0, 0, 1, 1], "elbo": [-9.0, np.nan, -7.0, -3.5]}
    )
    chart = touch.elbo({"nice": table}, FAMILIES, evidence)
    assert chart["known"] == (evidence is not None)
    first, second = chart["sets"][0]["curves"]
    offset = evidence or 0.0
    assert (first["x"], first["y"]) == ([1], [-9.0 - offset])
    assert (second["x"], second["y"]) == ([1, 10], [-7.0 - offset, -3.5 - offset])


def test_a_latent_plane_has_the_images_of_its_points():
    rng = np.random.default_rng(0)
    split = np.array(["train"] * 10 + ["test"] * 40)
    index = np.array([12, 20, 49])
    by_image = {
        "split": split,
        **{name: rng.standard_normal(50) for name in ("log_px", "elbo", "L_20")},
    }
    plane = {"mean": rng.standard_normal((40, 2)), "label": np.arange(40) % 10}
    own = {
        "index": index,
        "latent_index": index - 10,
        "binary": rng.integers(0, 2, (3, 4, 4)).astype(np.uint8),
        "reconstructed": rng.integers(0, 256, (3, 4, 4)).astype(np.uint8),
    }
    mesh = rng.random((5, 6, 4, 4))
    pictures = {"mesh": mesh, "z1": np.linspace(-1, 1, 6), "z2": np.linspace(0, 1, 5)}
    chart, sheets = touch.latent(plane, by_image, own, pictures)
    assert chart["latent"] == [2, 10, 39]
    assert chart["labels"] == ["2", "0", "9"]
    np.testing.assert_allclose(chart["points"], plane["mean"][[2, 10, 39]], atol=1e-4)
    assert len(chart["others"]) == 37
    for row, name in zip(chart["numbers"], ("elbo", "L_20", "log_px"), strict=True):
        np.testing.assert_allclose(row, by_image[name][index], rtol=1e-5)
    image = pixels(sheets["image"])
    for place in range(3):
        tile = image[:4, 4 * place : 4 * place + 4]
        np.testing.assert_array_equal(tile, 255 * (1 - own["binary"][place].astype(int)))
    tiles = pixels(sheets["mesh"])
    assert tiles.shape == (20, 24)
    # Sixteen greys: half a step of 17, and rounding.
    np.testing.assert_allclose(tiles[8:12, 20:24], 255 * (1 - mesh[2, 5]), atol=9.1)


def test_json_can_stand_in_a_script():
    text = touch.as_json({"a": "</script><b>", "n": [1.5]})
    assert "</" not in text
    assert json.loads(text) == {"a": "</script><b>", "n": [1.5]}
    with pytest.raises(ValueError, match="JSON"):
        touch.as_json([float("nan")])


def test_the_charts_library_is_there_where_there_are_charts_and_asks_for_nothing():
    without = render([], PROVENANCE, "none")
    page = render([], PROVENANCE, "some", charts=True)
    # Half of the 8 MB that a page may weigh would be too much for a library.
    assert 100_000 < len(page) - len(without) < 1_500_000
    assert "vegaEmbed" in page
    assert "vegaEmbed" not in without
    assert not re.search(r"<script[^>]*\bsrc=", page)
    assert page.count("</script>") == page.count("<script")
