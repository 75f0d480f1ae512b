"""The form for what was said in person or by letter, as the staff use it: by keyboard, with their key."""

import os
from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from listener.connectors.feedback import RECEIPT
from listener.domain.governance import AuditEntry
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import AUDIT, RAW
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.kafka]

KEY = "correct horse battery staple"


@pytest.fixture(scope="module")
def staff_url(kafka: KafkaConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the command `listener staff` serves its page."""
    directory = tmp_path_factory.mktemp("staff")
    (directory / "listener.yaml").write_text(
        "sources:\n  counter:\n    kind: staff-form\n    company: Example Air\n    secrets: {key: STAFF_KEY}\n"
    )
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "STAFF_KEY": KEY}
    form = Serving(("-m", "listener", "staff", "--port", "0"), directory, environment)
    try:
        yield form.url
    finally:
        form.stop()
    assert form.process.returncode == 0


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that is signed in, and runs no scripts."""
    context = chromium.new_context(
        java_script_enabled=False, http_credentials={"username": "Kim Agent", "password": KEY}
    )
    yield context.new_page()
    context.close()


def stored(kafka: KafkaConnection, receipt: str) -> tuple[Mention, AuditEntry]:
    """What a receipt stands for, and who took it down."""
    said = {
        record.value for record in read_whole(kafka, RAW.name) if receipt.encode() in (record.value or b"")
    }
    by = {
        record.value for record in read_whole(kafka, AUDIT.name) if receipt.encode() in (record.value or b"")
    }
    (mention,), (entry,) = said, by
    assert mention is not None
    assert entry is not None
    return cast(Mention, read_raw(mention)), AuditEntry.read(entry)


def receipt(page: Page) -> str:
    shown = page.locator("#receipt").inner_text()
    assert RECEIPT.fullmatch(shown)
    return shown


def test_by_keyboard_alone_from_the_first_key_to_the_receipt(
    page: Page, staff_url: str, kafka: KafkaConnection
) -> None:
    page.goto(staff_url)
    page.keyboard.press("Tab")
    expect(page.get_by_label("In person")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("In person")).to_be_checked()
    page.get_by_label("What did the customer say?").focus()
    page.keyboard.type("Nobody at the counter could help.")
    page.keyboard.press("Tab")
    expect(page.get_by_label("The customer’s name")).to_be_focused()
    page.keyboard.type("Ana Lee")
    page.keyboard.press("Tab")
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your own name")).to_have_value("Kim Agent")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="It is stored")).to_be_visible()
    mention, entry = stored(kafka, receipt(page))
    assert (mention.channel, mention.text) == ("in_person", "Nobody at the counter could help.")
    assert mention.contactable is not None
    assert (mention.contactable.name, mention.contactable.email) == ("Ana Lee", "ana@example.org")
    assert (entry.actor, entry.subject) == ("Kim Agent", mention.mention_id)
    assert page.context.cookies() == []


def test_a_letter_with_an_error_and_back_and_again(
    page: Page, staff_url: str, kafka: KafkaConnection
) -> None:
    page.goto(staff_url)
    page.get_by_label("What did the customer say?").fill("I wrote to you in March.")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("In person")).to_be_focused()
    expect(page.get_by_label("What did the customer say?")).to_have_value("I wrote to you in March.")
    page.get_by_label("By letter").check()
    page.get_by_role("button", name="Store").click()
    first = receipt(page)
    assert stored(kafka, first)[0].channel == "letter"
    page.go_back()
    page.get_by_role("button", name="Store").click()
    assert receipt(page) == first, "sending again is not a second message"
    assert stored(kafka, first)[0].channel == "letter"


def test_nobody_without_the_key(chromium: Browser, staff_url: str) -> None:
    context = chromium.new_context(http_credentials={"username": "Kim Agent", "password": "guessed"})
    answer = context.new_page().goto(staff_url)
    assert answer is not None
    assert answer.status == 401
    context.close()


def test_can_be_used_on_a_phone(chromium: Browser, staff_url: str) -> None:
    context = chromium.new_context(
        viewport={"width": 320, "height": 640},
        has_touch=True,
        http_credentials={"username": "Kim Agent", "password": KEY},
    )
    page = context.new_page()
    page.goto(staff_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "no scrolling sideways"
    for control in page.locator("button, textarea, input:visible:not([type=radio]), .choice").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    context.close()
