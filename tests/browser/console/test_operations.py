"""The console for those who run Listener: Now, sources, dead letters, the audit log."""

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from accessible import assert_accessible
from console_visits import Served, Visits
from listener.domain.topics import RAW
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.clickhouse]

PAGES = ("/now", "/sources", "/sources/manual/rss", "/dead-letters", "/audit")
HOSTILE = "<script>document.title='owned'</script>\u202eevil\u200b" + "Z\u0351\u036b\u0343" * 40 + "x" * 300


def assert_fits(page: Page) -> None:
    """Nothing scrolls sideways but what says so."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, page.url


@pytest.fixture(scope="module")
def broken(served: Served) -> list[str]:
    """Records that no stage can read, of a source with a hostile name."""
    with Publisher(served.up.kafka, client_id="test") as out:
        for number in range(3):
            value = json.dumps({"schema_version": 1, "source": HOSTILE, "text": f"{HOSTILE} {number}"})
            out.publish(RAW.name, f"broken:{number}", value.encode(), [("listener-source", HOSTILE.encode())])
        out.flush()
    served.up.wait_idle()
    return [HOSTILE]


@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, False), (False, True)])
def test_every_page_can_be_used_by_everybody(
    visits: Visits, broken: list[str], dark: bool, phone: bool
) -> None:
    page = visits.open(PAGES[0], dark=dark, phone=phone)
    for path in PAGES:
        page.goto(f"{visits.served.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.title() != "owned"
        assert_accessible(page)
        assert_fits(page)


def test_who_is_not_signed_in_or_is_lost_is_told_what_to_do(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(java_script_enabled=True)
    page = context.new_page()
    page.goto(f"{served.url}/now")
    expect(page.get_by_text("Open the address that")).to_be_visible()
    assert_accessible(page)
    page.goto(served.address)
    page.goto(f"{served.url}/nowhere")
    expect(page.get_by_role("alert")).to_contain_text("no such page")
    assert_accessible(page)
    context.close()


def test_now_is_live_and_leads_to_what_waits(visits: Visits) -> None:
    page = visits.open("/")
    expect(page).to_have_url(f"{visits.served.url}/now")
    expect(page.locator("#live-state")).to_have_text("live", timeout=15_000)
    expect(page.locator("[data-heard]")).not_to_have_text("–", timeout=15_000)
    shown = page.get_by_role("row").filter(has_text="sink clickhouse")
    expect(shown).to_be_visible()


def test_a_dead_letter_is_looked_at_and_replayed_which_stands_in_the_audit_log(
    visits: Visits, broken: list[str]
) -> None:
    page = visits.open("/dead-letters")
    ours = page.get_by_role("row").filter(has_text="evil")
    expect(ours).to_have_count(3)
    ours.first.get_by_role("link").click()
    expect(page.locator("pre")).to_contain_text("\\u202e")
    page.get_by_role("button", name="Replay …").click()
    page.get_by_role("button", name="Replay 1").click()
    expect(page.get_by_role("status").first).to_contain_text("1 replayed")
    expect_by_and_by(page, "/dead-letters", "attempt 2")
    expect_by_and_by(page, "/audit?action=dead.replay", "mentions.dead")
    expect_by_and_by(page, "/audit?action=see.dead_letter", "see.dead_letter")


def expect_by_and_by(page: Page, path: str, words: str) -> None:
    """Looks at a page until the stream, or the sink, has made what is to be there."""
    for _ in range(60):
        page.goto(path)
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{path} never said {words}:\n{page.locator('main').inner_text()}")
