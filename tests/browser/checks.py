"""What a page in a browser must satisfy. Each check takes a Visit and returns the faults it found.

Checks share one opening of the page: each leaves its medium and its window as they were.
"""

from tests.browser.visit import Visit

# A4 less a browser's own margins of 1 cm, in CSS pixels.
PAPER_WIDTH = 718

# Scripts for the browser. Too wide is what reaches beyond the window and lies in no box that
# scrolls by itself.
TOO_WIDE = """() => {
  const right = document.documentElement.clientWidth;
  const wide = document.scrollingElement.scrollWidth - right;
  const scrolls = (element) => element && (
    ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
  return wide <= 0 ? [] : [`the page is ${wide} px too wide`,
    ...[...document.body.querySelectorAll("*")]
      .filter((e) => e.getBoundingClientRect().right > right + 1 && !scrolls(e.parentElement))
      .map((e) => `too wide: ${e.tagName} ${e.textContent.trim().slice(0, 60)}`)];
}"""
CUT = """() => [...document.body.querySelectorAll("*")]
  .filter((e) => ["hidden", "clip"].includes(getComputedStyle(e).overflowX))
  .filter((e) => e.scrollWidth > e.clientWidth + 1)
  .map((e) => `cut off: ${e.tagName} ${e.textContent.trim().slice(0, 60)}`)"""
UNDECODED = """async () => {
  const broken = [];
  for (const image of document.images) {
    await image.decode().catch(() => {});
    if (!(image.naturalWidth > 0)) broken.push(`not decoded: ${image.alt || image.src}`);
  }
  return broken;
}"""
# Whether the column reads in order: numbers, as a reader understands them, before words.
IN_ORDER = """(heading, descending) => {
  const values = [...heading.closest("table").tBodies[0].rows].map((row) => {
    const cell = row.cells[heading.cellIndex];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(text.replaceAll(",", "").replace("−", "-"));
    return text === "" || Number.isNaN(number) ? text : number;
  });
  const word = (value) => typeof value === "string";
  const compare = (a, b) => word(a) !== word(b) ? word(a) - word(b)
    : word(a) ? a.localeCompare(b) : a - b;
  if (descending) values.reverse();
  return values.every((value, i) => i === 0 || compare(values[i - 1], value) <= 0);
}"""
FOCUSED = "(heading) => heading.contains(document.activeElement)"


def silence(visit: Visit) -> list[str]:
    """No error or warning on the console, no uncaught exception."""
    visit.settle()
    loud = ("error", "warning", "assert")
    return [said for said in visit.messages if said.startswith(loud)] + visit.exceptions


def network(visit: Visit) -> list[str]:
    """The page asks for nothing but itself, so nothing is refused either."""
    visit.settle()
    return [f"asked for {url}" for url in visit.requests if url != visit.address] + [
        f"refused {url}" for url in visit.refused
    ]


def width(visit: Visit) -> list[str]:
    """The page does not scroll sideways and cuts nothing off: wide things scroll in their box."""
    laid_out = visit.page.evaluate("document.documentElement.clientWidth")
    faults = [] if laid_out == visit.width else [f"laid out for {laid_out} px"]
    return faults + visit.page.evaluate(TOO_WIDE) + visit.page.evaluate(CUT)


def images(visit: Visit) -> list[str]:
    """Every image decodes."""
    return visit.page.evaluate(UNDECODED)


def sorting(visit: Visit) -> list[str]:
    """Every table sorts: by a click on any heading, and without a mouse by the first."""
    faults = []
    for number, table in enumerate(visit.page.query_selector_all("table.sortable")):
        headings = table.query_selector_all("thead th")
        for heading in headings:
            heading.click()
            if not _sorted(heading, "ascending"):
                faults.append(f"table {number}: a click does not sort by {heading.inner_text()!r}")
        # The box around a table is the last stop of Tab before the table's headings.
        table.evaluate("(table) => table.closest('[tabindex]').focus()")
        visit.page.keyboard.press("Tab")
        if not headings[0].evaluate(FOCUSED):
            faults.append(f"table {number}: Tab does not reach its first heading")
            continue
        for key, order in (("Enter", "ascending"), ("Space", "descending")):
            visit.page.keyboard.press(key)
            if not _sorted(headings[0], order):
                faults.append(f"table {number}: {key} does not sort it, {order}")
    return faults


def printing(visit: Visit) -> list[str]:
    """On paper: ink on white whatever the scheme, nothing wider than the sheet, and a PDF of it."""
    page, window = visit.page, visit.page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDTH, "height": 1050})
    faults = page.evaluate(TOO_WIDE)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    if paper not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"):
        faults.append(f"paper is coloured {paper}")
    if not page.pdf(format="A4").startswith(b"%PDF-"):
        faults.append("no PDF comes of it")
    page.emulate_media(media="screen")
    page.set_viewport_size(window)
    return faults


def accessibility(visit: Visit) -> list[str]:
    """No violation of any of axe's rules: names, contrast, headings, landmarks, and the rest."""
    # Where it is not installed the fixture `chromium` says so; an import above would say less.
    from axe_playwright_python.sync_playwright import Axe

    return [
        f"{rule['id']} ({rule['help']}): {node['html'][:120]}"
        for rule in Axe().run(visit.page).response["violations"]
        for node in rule["nodes"]
    ]


# Silence and network come last: they judge what the others provoked, too.
CHECKS = (width, images, sorting, printing, accessibility, silence, network)


def _sorted(heading, order: str) -> bool:
    said = heading.get_attribute("aria-sort") == order
    return said and heading.evaluate(IN_ORDER, order == "descending")
