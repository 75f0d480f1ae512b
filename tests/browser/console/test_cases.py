"""Cases of a whole installation: worked from arrival to answer; what was said in person; views that are kept.

What pages do with what they are shown, tests/browser/test_case_pages.py looks at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accessible import assert_accessible
from console_visits import Served, Visits
from listener.domain.ids import case_id
from listener.domain.mention import Mention
from listener.domain.topics import RAW
from listener.examples import examples
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.clickhouse]

SOON = 60_000
"""Milliseconds until what was said is a case on a page, on a busy machine."""


@dataclass
class Customers:
    """People who write to the company."""

    publisher: Publisher

    def say(self, name: str, text: str, **changes: Any) -> str:
        """One of them says something; the id of the case that it begins."""
        at = datetime.now(UTC) - timedelta(minutes=1)
        base = examples()[Mention]
        assert isinstance(base, Mention)
        told: dict[str, Any] = {
            "mention_id": f"chirp:{name}",
            "native_id": name,
            "author": f"chirp:{name}",
            "author_name": name.title(),
            "text": text,
            "url": f"https://chirp.example/{name}",
            "thread": None,
            "reply_to": None,
            "contactable": None,
            "rating": None,
            "occurred_at": at,
            "edited_at": None,
            "revision": 0,
            "received_at": at,
            "historical": False,
        }
        mention = base.model_copy(update=told | changes)
        self.publisher.publish(RAW.name, mention.key, mention.to_json())
        self.publisher.flush()
        return case_id(mention.mention_id)


@pytest.fixture(scope="module")
def customers(served: Served) -> Iterator[Customers]:
    """People whose accounts nobody knows."""
    with Publisher(served.up.kafka, client_id="test") as publisher:
        yield Customers(publisher)


def load_until(page: Page, shown: str) -> None:
    """Loads the page until something is there."""
    for _ in range(SOON // 1000):
        if page.locator(shown).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"{page.url}: {shown} never came")


def test_from_arrival_to_answer_without_the_mouse(visits: Visits, customers: Customers) -> None:
    page = visits.open("/cases?words=chirp:ana")
    expect(page.get_by_text("Nobody waits in this view")).to_be_visible()
    expect(page.locator("#live-state[data-state=on]")).to_be_attached(timeout=SOON)
    case = customers.say("ana", "Where is my parcel? It is two weeks late and nobody answers my e-mails!")
    row = page.locator("a.row")
    expect(row).to_be_visible(timeout=SOON)
    expect(row).to_have_text("Ana")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#case-id")).to_have_text(case)
    expect(page.locator(".summary li")).to_have_count(3)
    expect(page.locator("#failures")).to_contain_text("We have not failed this customer so far.")
    page.keyboard.press("a")
    page.keyboard.type("It leaves today.")
    page.keyboard.press("Control+Enter")
    answered = page.locator(".entry.us.answered")
    expect(answered).to_contain_text("It leaves today.", timeout=SOON)
    expect(page.locator("#live-head .badge").first).to_have_text("Waits for the customer")
    page.locator("#owner").fill("M. Manager")
    page.locator("#owner").press("Enter")
    expect(page.locator("#live-head .tags")).to_contain_text("M. Manager", timeout=SOON)
    page.reload()
    load_until(page, ".entry.act")
    expect(page.locator(".entry.act")).to_contain_text("handed it to M. Manager")
    assert_accessible(page)
    page.keyboard.press("n")
    expect(page.get_by_text("That was the last case of this view.")).to_be_visible()


def test_what_was_said_in_person(visits: Visits) -> None:
    page = visits.open("/take-down")
    page.get_by_label("In person").check()
    page.get_by_label("What did the customer say?").fill("At the counter: my parcel is lost!")
    page.get_by_role("button", name="Store it").click()
    receipt = page.locator("#receipt").inner_text()
    assert re.fullmatch(r"R(-\w{4}){4}", receipt)
    page.get_by_role("link", name="Show its case").click()
    load_until(page, "a.row")
    page.locator("a.row").click()
    expect(page.locator(".entry.them .said")).to_have_text("At the counter: my parcel is lost!")
    expect(page.locator("#case-id")).to_have_text(case_id(f"staff-form:{receipt}"))


def test_a_view_is_kept(visits: Visits) -> None:
    page = visits.open("/cases?due=overdue")
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name of the view").fill("Late ones")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("link", name="Late ones")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Forget the view Late ones").click()
    expect(page.get_by_role("link", name="Late ones")).to_have_count(0)
