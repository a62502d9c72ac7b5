"""What can be touched in the report: sliders, charts and the latent plane, by mouse and keyboard.

What a page shows is checked against the files beside it, read here and nowhere in the page's code.
"""

import io

import numpy as np
import pytest
from PIL import Image

from flowcheck import files
from tests.browser.checks import accessibility, network, width
from tests.browser.visit import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

# Of a chart's own view: where a place in data units is, in the window.
WHERE = """([box, x, y]) => {
  const view = box.view, canvas = box.querySelector("canvas").getBoundingClientRect();
  const origin = view.origin(), padding = view.padding();
  return [canvas.left + padding.left + origin[0] + view.scale("x")(x),
          canvas.top + padding.top + origin[1] + view.scale("y")(y)];
}"""
DOMAIN = "(box) => [box.view.signal('xdom'), box.view.signal('ydom')].flat()"
PICTURE = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module", params=[DESKTOP, PHONE], ids=str)
def visit(request, chromium, report):
    opened = Visit(chromium, report, request.param)
    opened.wake()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def desktop(chromium, report):
    opened = Visit(chromium, report, DESKTOP)
    opened.wake()
    yield opened
    opened.close()


def hover(page, box, x, y):
    """Move the mouse to a place in a chart's data units; returns where that is in the window."""
    box.scroll_into_view_if_needed()
    at = page.evaluate(WHERE, [box, x, y])
    page.mouse.move(*at)
    return at


def pixels(tile, shape) -> np.ndarray:
    """The tile as seen, at the middle of each of its image's pixels: 0 paper to 1 ink."""
    image = Image.open(io.BytesIO(tile.screenshot())).convert("L")
    seen = 1 - np.asarray(image, float) / 255
    # A border of one pixel around it.
    rows, columns = (
        np.round(1 + (np.arange(n) + 0.5) * (size - 2) / n - 0.5).astype(int)
        for n, size in zip(shape, seen.shape, strict=True)
    )
    return seen[np.ix_(rows, columns)]


def autoencoders(page, report):
    """Each latent plane on the page, with the folder of its autoencoder's files."""
    found = page.query_selector_all("details.latent")
    folders = sorted(path.parent for path in report.parent.glob("vae/*/*/touch.npz"))
    assert len(found) == len(folders) > 0
    for host in found:
        source = host.query_selector(".source").inner_text()
        (own,) = [f for f in folders if f"{f.parent.name}/{f.name}/touch.npz" in source]
        yield host, own


def test_sliders_move_by_keyboard_and_by_mouse(visit):
    sliders = visit.page.query_selector_all(".slider")
    assert len(sliders) >= 2
    for slider in sliders:
        given, canvas = slider.query_selector("input"), slider.query_selector("canvas")
        said, seen = [], []
        given.focus()
        visit.page.keyboard.press("Home")
        for _ in range(int(given.get_attribute("max")) + 1):
            said.append(slider.query_selector("output").inner_text())
            seen.append(canvas.evaluate(PICTURE))
            assert given.get_attribute("aria-valuetext") == said[-1]
            assert said[-1] in canvas.get_attribute("aria-label")
            visit.page.keyboard.press("ArrowRight")
        assert len(set(said)) == len(said) >= 2
        # A flow may start as the identity; no two of the other frames are alike.
        assert len(set(seen)) >= len(seen) - 1
        box = given.bounding_box()
        given.scroll_into_view_if_needed()
        box = given.bounding_box()
        visit.page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
        assert slider.query_selector("output").inner_text() == said[0]


def test_pointing_at_a_test_image_shows_it_and_its_numbers(desktop, report):
    page = desktop.page
    for host, folder in autoencoders(page, report):
        latent = files.read_arrays(folder / "latent.npz")
        bounds = files.read_arrays(folder / "image_bounds.npz")
        data = files.read_arrays(folder.parent / "images.npz")
        test = np.flatnonzero(bounds["split"] == "test")
        measured = np.flatnonzero(np.isfinite(bounds["elbo"][test]))
        shape = tuple(data["shape"])
        bound = next(name for name in bounds if name.startswith("L_"))
        box = host.query_selector(".chart")
        others = latent["mean"][measured]
        seen = 0
        for row in measured[:: max(1, len(measured) // 12)]:
            place = latent["mean"][row]
            # Two images in one place cannot be told apart by pointing.
            if np.sort(np.abs(others - place).max(1))[1] < 0.02 * np.ptp(others, 0).min():
                continue
            hover(page, box, *map(float, place))
            assert host.get_attribute("data-latent") == str(row)
            assert host.get_attribute("data-index") == str(test[row])
            words = host.query_selector(".reading").inner_text()
            assert words == f"Test image {row + 1}, a {latent['label'][row]}"
            assert data["labels"][test[row]] == latent["label"][row]
            shown = [dd.inner_text() for dd in host.query_selector_all(".bounds dd")]
            for text, name in zip(shown, ("elbo", bound, "log_px"), strict=True):
                number = float(text.replace("−", "-").removesuffix(" nats"))
                assert number == pytest.approx(bounds[name][test[row]], abs=0.006)
            binary = data["binary"][test[row]].reshape(shape)
            np.testing.assert_allclose(
                pixels(host.query_selector(".image"), shape), binary, atol=0.02
            )
            seen += 1
        assert seen >= 3


def test_the_digit_under_the_pointer_is_the_meshs(desktop, report):
    page = desktop.page
    for host, folder in autoencoders(page, report):
        pictures = files.read_arrays(folder / "pictures.npz")
        mesh = pictures["mesh"]
        box = host.query_selector(".chart")
        for row, column in [(0, 0), (3, 17), (10, 5), (len(mesh) - 1, mesh.shape[1] - 1)]:
            hover(page, box, float(pictures["z1"][column]), float(pictures["z2"][row]))
            assert host.get_attribute("data-mesh") == f"{row} {column}"
            seen = pixels(host.query_selector(".mesh"), mesh.shape[2:])
            # Sixteen greys: half a step, and a step of the screen's.
            np.testing.assert_allclose(seen, mesh[row, column], atol=0.5 / 15 + 0.01)


def test_test_images_can_be_chosen_without_a_mouse(visit, report):
    page = visit.page
    for host, folder in autoencoders(page, report):
        touch = files.read_arrays(folder / "touch.npz")
        latent = files.read_arrays(folder / "latent.npz")
        host.query_selector("input[type=range]").focus()
        page.keyboard.press("Home")
        for number in range(4):
            row = touch["latent_index"][number]
            assert host.get_attribute("data-latent") == str(row)
            label = host.query_selector(".image").get_attribute("aria-label")
            assert label == f"test image {row + 1}, a {latent['label'][row]}"
            shape = touch["binary"].shape[1:]
            seen = pixels(host.query_selector(".decoded"), shape)
            np.testing.assert_allclose(seen, touch["reconstructed"][number] / 255, atol=0.05)
            page.keyboard.press("ArrowRight")


def test_a_touch_points_too(chromium, report):
    opened = Visit(chromium, report, PHONE)
    opened.wake()
    page = opened.page
    host, folder = next(autoencoders(page, report))
    touch, latent = (files.read_arrays(folder / f"{name}.npz") for name in ("touch", "latent"))
    row = touch["latent_index"][len(touch["index"]) // 2]
    box = host.query_selector(".chart")
    box.scroll_into_view_if_needed()
    at = page.evaluate(WHERE, [box, *map(float, latent["mean"][row])])
    page.touchscreen.tap(*at)
    found = latent["mean"][int(host.get_attribute("data-latent"))]
    assert np.abs(found - latent["mean"][row]).max() < 0.1 * np.ptp(latent["mean"], 0).max()
    opened.close()


def charts(page):
    return [details.query_selector(".chart") for details in page.query_selector_all("[data-chart]")]


def test_charts_zoom_and_move_by_keyboard(visit):
    page = visit.page
    assert len(charts(page)) >= 2
    for box in charts(page):
        box.focus()
        whole = page.evaluate(DOMAIN, box)
        for key, changed in (
            ("+", True),
            ("ArrowLeft", True),
            ("0", False),
            ("-", True),
            ("0", False),
        ):
            before = page.evaluate(DOMAIN, box)
            page.keyboard.press(key)
            after = page.evaluate(DOMAIN, box)
            assert after != before
            assert (after != whole) == changed, key
        page.keyboard.press("+")
        inside = page.evaluate(DOMAIN, box)
        assert whole[0] < inside[0] < inside[1] < whole[1]
        assert whole[2] < inside[2] < inside[3] < whole[3]
        page.keyboard.press("0")


def test_charts_zoom_and_move_by_mouse_and_leave_the_wheel_to_the_page(desktop):
    page = desktop.page
    for box in charts(page):
        box.scroll_into_view_if_needed()
        place = box.bounding_box()
        middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        whole = page.evaluate(DOMAIN, box)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 60, middle[1], steps=3)
        page.mouse.up()
        moved = page.evaluate(DOMAIN, box)
        assert moved[0] < whole[0]
        assert moved[2:] == pytest.approx(whole[2:])
        page.mouse.dblclick(*middle)
        assert page.evaluate(DOMAIN, box) == whole
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        desktop.settle()
        assert whole[0] < page.evaluate(DOMAIN, box)[0]
        page.mouse.dblclick(*middle)
        page.mouse.wheel(0, 50)
        desktop.settle()
        assert page.evaluate(DOMAIN, box) == whole


def test_pointing_at_a_curve_says_which_it_is(desktop, report):
    import pandas as pd

    page = desktop.page
    for details in page.query_selector_all("[data-chart$='-elbo']"):
        target = details.get_attribute("data-chart").removesuffix("-elbo")
        evidence = files.read_json(report.parent / target / "truth.json")["log_evidence"] or 0.0
        flow = sorted((report.parent / target / "flows").iterdir())[0].name
        table = pd.read_csv(report.parent / target / "flows" / flow / "elbo.csv")
        row = table.iloc[0]
        box = details.query_selector(".chart")
        hover(page, box, float(row["iteration"]), float(row["elbo"] - evidence))
        said = details.query_selector(".reading").inner_text()
        iteration, value = said.split("iteration ")[1].split(": ")
        shown = float(value.split(" = ")[1].removesuffix(" nats").replace("−", "-"))
        same = table[table["iteration"] == int(iteration.replace(",", ""))]
        # Curves may cross there: it is one of those that pass through the place.
        every = [
            pd.read_csv(path) for path in (report.parent / target / "flows").glob("*/elbo.csv")
        ]
        values = pd.concat(every)
        values = values[values["iteration"] == same["iteration"].iloc[0]]["elbo"] - evidence
        assert np.abs(values / shown - 1).min() < 1e-3


def test_a_set_that_is_unchecked_is_not_pointed_at(desktop):
    page = desktop.page
    for details in page.query_selector_all("[data-chart$='-draws'], [data-chart$='-elbo']"):
        box = details.query_selector(".chart")
        box.scroll_into_view_if_needed()
        for check in details.query_selector_all("input[type=checkbox]"):
            check.uncheck()
        place = box.bounding_box()
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        assert details.query_selector(".reading").inner_text() == ""
        for check in details.query_selector_all("input[type=checkbox]"):
            check.check()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_touched_or_not_nothing_is_said_asked_or_too_wide(chromium, report, scheme):
    opened = Visit(chromium, report, PHONE._replace(scheme=scheme))
    opened.wake()
    for box in charts(opened.page):
        box.focus()
        opened.page.keyboard.press("+")
    assert width(opened) == network(opened) == accessibility(opened) == []
    assert opened.messages == opened.exceptions == []
    opened.close()


def test_without_scripts_every_figure_is_there(chromium, report):
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.resolve().as_uri())
    figures = page.query_selector_all("figure img")
    assert len(figures) >= 8
    assert all(figure.is_visible() for figure in figures)
    assert not any(one.is_visible() for one in page.query_selector_all(".touch"))
    context.close()


def test_on_paper_the_frames_take_the_sliders_place(desktop):
    page = desktop.page
    frames = page.query_selector_all(".instead img")
    assert frames
    assert not any(frame.is_visible() for frame in frames)
    page.emulate_media(media="print")
    assert all(frame.is_visible() for frame in frames)
    assert not any(one.is_visible() for one in page.query_selector_all(".touch"))
    page.emulate_media(media="screen")
