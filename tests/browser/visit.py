"""A page as a browser shows it, and all that the browser had to say about it."""

from pathlib import Path
from typing import NamedTuple


class View(NamedTuple):
    """How a reader looks at the page."""

    width: int
    scheme: str
    phone: bool

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


DESKTOP, PHONE = View(1280, "light", False), View(390, "light", True)
VIEWS = [view._replace(scheme=scheme) for view in (DESKTOP, PHONE) for scheme in ("light", "dark")]


class Visit:
    """One opening of the page, kept open. `page` is the driver's; the rest is what was noted."""

    def __init__(self, chromium, path: Path, view: View):
        self.address = path.resolve().as_uri()
        self.width = view.width
        self.requests, self.refused, self.messages, self.exceptions = [], [], [], []
        # Offline: what the page asks for is noted, and nothing leaves this machine.
        self.context = chromium.new_context(
            viewport={"width": view.width, "height": 844},
            color_scheme=view.scheme,
            reduced_motion="reduce",  # a click may not fall upon what is still moving
            is_mobile=view.phone,
            has_touch=view.phone,
            offline=True,
        )
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("requestfailed", lambda request: self.refused.append(request.url))
        self.page.on("console", lambda said: self.messages.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.exceptions.append(str(error)))
        self.page.goto(self.address, wait_until="load")

    def wake(self) -> None:
        """Scroll through the page once, for what is made when it comes into sight."""
        for host in self.page.query_selector_all("[data-chart]"):
            host.scroll_into_view_if_needed()
            self.page.wait_for_function("(host) => host.querySelector('.tools button')", arg=host)
        self.page.evaluate("window.scrollTo(0, 0)")
        self.settle()

    def settle(self) -> None:
        """Let a moment pass, for what a script puts off."""
        self.page.wait_for_timeout(250)

    def close(self) -> None:
        self.context.close()
