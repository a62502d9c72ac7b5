"""The report as HTML: whole, self-contained, and readable without seeing it."""

import re
from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """Everything the tests ask of a page, gathered in one reading."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.images, self.headings = [], [], [], []
        self.loaded, self.captions, self.tables, self.open = [], 0, 0, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found.get("href", ""))
        if tag == "img":
            self.images.append(found)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag in ("script", "link", "iframe", "object", "source", "img"):
            self.loaded += [found[key] for key in ("src", "srcset", "href", "data") if key in found]
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag not in ("meta", "img", "br", "link", "input", "hr", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"


@pytest.fixture(scope="module")
def text(study):
    return (study.checkout.results / "report.html").read_text()


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_elements_close(page):
    assert page.open == []


def test_every_figure_is_there_and_described(page):
    # Four of the posterior at least; an alternative text of a few words describes nothing.
    assert len(page.images) >= 4
    assert all(len(image.get("alt", "")) > 30 for image in page.images)


def test_nothing_is_asked_of_the_network(page, text):
    assert all(address.startswith("data:") for address in page.loaded)
    # What scripts ask for is seen in a browser.
    still = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "@import" not in still
    # A figure refers to parts of itself.
    assert not re.search(r"url\((?!data:|#|%23)", still)


def test_contents_lead_to_their_places(page):
    inside = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inside) > 5
    assert set(inside) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_headings_descend_one_level_at_a_time(page):
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(lower - upper <= 1 for upper, lower in steps)


def test_every_table_has_a_caption(page):
    assert page.tables == page.captions > 0


def test_the_page_is_small(text):
    assert len(text) < 8_000_000


def test_the_page_shows_the_numbers_of_its_files(text):
    assert "−208.942932897" in text
    assert "passed" in text
