"""Whether a page can be used by everybody, as far as a machine can see that."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def assert_accessible(page: Page) -> None:
    """Of what a machine can see of WCAG 2.2, levels A and AA, nothing is wrong."""
    found = Axe().run(page, options={"runOnly": LEVELS})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
