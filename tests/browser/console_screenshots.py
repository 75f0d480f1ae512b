"""Takes the pictures of docs/images/console: each page of the console, with the simulated company.

python tests/browser/console_screenshots.py [NAME]...
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from console_visits import ARGUMENTS, CHROMIUM, PHONE, WIDE, Served, company_console
from listener.domain.topics import RAW
from listener.kafka.publish import Publisher

PICTURES = Path(__file__).parents[2] / "docs" / "images" / "console"
MAX_BYTES = 150_000
COMPANY = ("--simulate", "--customers", "400", "--days", "120", "--seed", "5")
"""Large enough that pictures have something to show."""
PLAIN = ["--disable-lcd-text", "--font-render-hinting=none"]
"""Letters without coloured edges, so that a picture has few colours."""
COLOURS = 256
PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Shot:
    """A picture.

    Attributes:
        name: of the file.
        path: of the page.
        then: what is done there before it is taken.
        tall: all of the page, not only what fits the window.
    """

    name: str
    path: str
    then: Callable[[Page], None] = lambda page: None
    dark: bool = False
    phone: bool = False
    tall: bool = False


def wait_for_flow(page: Page) -> None:
    """Until the stream's figures have come."""
    expect(page.locator("[data-heard]")).not_to_have_text("–", timeout=15_000)


def open_a_long_case(page: Page) -> None:
    """The first case of a view that has several contacts."""
    several = page.locator("tr", has_text="contacts, first").locator("a.row")
    (several if several.count() else page.locator("a.row")).first.click()
    page.locator("#live-head").wait_for()


def wait_for_pictures(page: Page) -> None:
    """Until all of them are drawn."""
    for picture in page.locator("figure[data-chart]").all():
        picture.locator("svg").wait_for()


def open_worst_problem(page: Page) -> None:
    """The page of the root cause that troubles most people, with a fix of it."""
    page.locator(".answer .main a").first.click()
    wait_for_pictures(page)


def try_a_policy(page: Page) -> None:
    """Another policy, compared with the one in force."""
    typed = page.get_by_label("The policy, YAML")
    text = typed.input_value().replace(
        "response_target_hours:\n    default: 24.0", "response_target_hours: 8"
    )
    typed.fill(text.replace("name: complaints", "name: complaints-first"))
    page.get_by_role("button", name="Try it").click()
    page.locator("#trial").wait_for(timeout=120_000)


def report(name: str) -> Shot:
    """The page of a report."""
    return Shot(name, f"/analysis/reports/{name}", wait_for_pictures)


SHOTS = (
    Shot("now", "/now", wait_for_flow),
    Shot("now-dark", "/now", wait_for_flow, dark=True),
    Shot("now-phone", "/now", wait_for_flow, phone=True),
    Shot("cases", "/cases"),
    Shot("cases-phone", "/cases", phone=True),
    Shot("case", "/cases?failed=1&status=any", open_a_long_case),
    Shot("case-dark", "/cases?failed=1&status=any", open_a_long_case, dark=True),
    Shot("case-phone", "/cases?failed=1&status=any", open_a_long_case, phone=True),
    Shot("identities", "/identities"),
    Shot("take-down", "/take-down"),
    Shot("sources", "/sources"),
    Shot("dead-letters", "/dead-letters"),
    Shot("audit", "/audit"),
    Shot("analysis", "/analysis", wait_for_pictures),
    Shot("analysis-phone", "/analysis", wait_for_pictures, phone=True),
    report("root-causes"),
    report("loudness"),
    report("channels"),
    Shot("channels-dark", "/analysis/reports/channels", wait_for_pictures, dark=True),
    report("deadlines"),
    report("black-holes"),
    report("fixes"),
    Shot("cause", "/analysis", open_worst_problem, tall=True),
    Shot("policy", "/policy"),
    Shot("policy-try", "/policy/try", try_a_policy),
)


def break_something(served: Served) -> None:
    """Lets the dead letters have something to show."""
    with Publisher(served.up.kafka, client_id="screenshots") as out:
        for number, value in enumerate((b"not JSON", b'{"schema_version": 1}', b'{"schema_version": 99}')):
            out.publish(RAW.name, f"old-forum:{number}", value, [("listener-source", b"old-forum")])
        out.flush()
    served.up.wait_idle()


def take(browser: Browser, served: Served, shot: Shot, directory: Path) -> None:
    """Takes one picture."""
    context = browser.new_context(
        viewport=PHONE if shot.phone else WIDE,
        color_scheme="dark" if shot.dark else "light",
        timezone_id="Europe/Vienna",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(served.address)
    page.goto(f"{served.url}{shot.path}")
    page.locator("#live-state[data-state=on]").wait_for()
    shot.then(page)
    file = directory / f"{shot.name}.png"
    taken = Image.open(BytesIO(page.screenshot(full_page=shot.tall, animations="disabled"))).convert("RGB")
    context.close()
    few = taken.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(file, optimize=True)
    size = file.stat().st_size
    print(file, size, "more than a picture of the docs should have" if size > MAX_BYTES else "")


def main(names: list[str]) -> None:
    """Takes all of them, or those named, from an installation of its own."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with company_console(COMPANY) as served, sync_playwright() as playwright:
        break_something(served)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*ARGUMENTS, *PLAIN])
        for shot in SHOTS:
            if not names or shot.name in names:
                take(browser, served, shot, PICTURES)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
