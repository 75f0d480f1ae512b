"""A console that runs, and browsers that are signed in to it."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from listener.chaos.installation import Installation

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
COMPANY = ("--simulate", "--customers", "120", "--days", "30", "--seed", "7")
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
ANSWERED = "Failed to load resource: the server responded with a status of 4"
ADDRESS = re.compile(r"console +((http://[0-9.:]+)/sign-in\?token=\S+)")


@dataclass(frozen=True)
class Served:
    """A console that runs.

    Attributes:
        up: the installation that it is part of.
        address: lets in whoever opens it.
        url: without a slash at its end.
    """

    up: Installation
    address: str
    url: str


@contextmanager
def company_console(company: Sequence[str] = COMPANY) -> Iterator[Served]:
    """`listener up --simulate`, once all that the company said was stored.

    Args:
        company: further words for `listener up`: which company.
    """
    directory = Path(tempfile.mkdtemp(prefix="listener-console-"))
    up = Installation(directory / "data", *company)
    try:
        up.start()
        up.wait_idle()
        found = ADDRESS.search(up.log.read_text())
        assert found is not None, up.said()
        yield Served(up, found[1], found[2])
    finally:
        up.end()
        shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Visits:
    """Opens browsers that are signed in; each is closed at the end of the test.

    Attributes:
        complaints: what the browsers said on their consoles, such as what a policy forbade.
    """

    chromium: Browser
    served: Served
    complaints: list[str]
    opened: list[BrowserContext]

    def open(self, path: str = "/", *, dark: bool = False, phone: bool = False) -> Page:
        """A page of the console, in a browser of its own."""
        context = self.chromium.new_context(
            color_scheme="dark" if dark else "light",
            viewport=PHONE if phone else WIDE,
            has_touch=phone,
            timezone_id="Europe/Vienna",
            base_url=self.served.url,
        )
        self.opened.append(context)
        page = context.new_page()
        page.on("console", lambda told: self._heard(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.served.address)
        page.goto(f"{self.served.url}{path}")
        return page

    def _heard(self, text: str) -> None:
        """Takes a complaint; an answer that is no success is what a page was to show."""
        if not text.startswith(ANSWERED):
            self.complaints.append(text)
