"""The button in pages of another origin, as strict as a page can be, and the status page after an answer."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from accessible import assert_accessible
from listener.domain.case import Case
from listener.domain.mention import Mention, read_raw
from listener.domain.response import Response
from listener.domain.topics import RAW, TRIAGE
from listener.examples import examples
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.kafka]


class Shop:
    """Another origin, whose page allows nothing but the form's script."""

    def __init__(self) -> None:
        self.form_url = ""
        self.lang = "en"
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                form = shop.form_url.rstrip("/")
                html = (
                    f'<!doctype html><html lang="{shop.lang}"><title>Shop</title><body><main>'
                    f'<a href="{form}/" data-listener-feedback>Help</a></main>'
                    f'<script src="{form}/button.js" defer data-page></script></body></html>'
                )
                policy = (
                    f"default-src 'none'; script-src {form}; connect-src {form}; "
                    "require-trusted-types-for 'script'"
                )
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="module")
def shop(start_form: Callable[[str], Serving]) -> Iterator[Shop]:
    shop = Shop()
    thread = threading.Thread(target=shop.server.serve_forever)
    thread.start()
    form = start_form(f"    min_seconds: 0\n    origins: ['{shop.origin}']\n")
    shop.form_url = form.url
    try:
        yield shop
    finally:
        form.stop()
        shop.server.shutdown()
        thread.join()
        shop.server.server_close()
    assert form.process.returncode == 0


def send_by_keyboard(page: Page) -> str:
    """From the first key to the receipt."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#message-error")).to_be_visible()
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.type("Niemand antwortet – seit Wochen")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".number")).to_be_visible()
    return page.locator(".number").inner_text()


def mention(kafka: KafkaConnection, receipt: str) -> Mention:
    [value] = [r.value for r in read_whole(kafka, RAW.name) if r.value and receipt.encode() in r.value]
    heard = read_raw(value)
    assert isinstance(heard, Mention)
    return heard


def answered(heard: Mention) -> Case:
    """The case of a message, with its answer, as the triage stage publishes it."""
    example = examples()[Case]
    assert isinstance(example, Case)
    at = datetime.now(UTC)
    response = Response(
        response_id="desk:1",
        contact=heard.mention_id,
        author=heard.author,
        channel="email",
        by="K. Agent",
        kind="answered",
        excerpt="Your refund was paid today.",
        occurred_at=at,
        received_at=at,
    )
    contact = example.contacts[0].model_copy(update={"mention_id": heard.mention_id})
    return example.model_copy(update={"contacts": (contact,), "responses": (response,)})


def test_by_keyboard_on_a_strict_german_page_in_the_dark_until_the_answer(
    chromium: Browser, shop: Shop, kafka: KafkaConnection
) -> None:
    shop.lang = "de-AT"
    context = chromium.new_context(color_scheme="dark")
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if told.type == "error" else None)
    page.goto(f"{shop.origin}/cart?secret=1#2")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#message")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.reload()
    receipt = send_by_keyboard(page)
    assert_accessible(page)
    assert not [text for text in refused if "Content Security" in text or "Trusted" in text]
    expect(page.get_by_role("dialog")).to_have_accessible_name("Sagen Sie es uns oder bitten Sie um Hilfe")
    assert page.locator("dialog").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(31, 34, 38)"
    address = page.locator("dialog a").get_attribute("href")
    assert address == f"{shop.form_url}status/{receipt}?lang=de"
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Help")).to_be_focused()
    heard = mention(kafka, receipt)
    assert (heard.text, heard.source, heard.visibility) == (
        "Niemand antwortet – seit Wochen",
        "web-form",
        "private",
    )
    assert heard.url == f"{shop.origin}/cart", "without what follows the path"
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0

    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Wir haben Ihre Nachricht")
    case = answered(heard)
    with Publisher(kafka, client_id="test") as out:
        out.publish(TRIAGE.name, case.case_id, case.to_json())
        out.flush()
    for _ in range(100):
        page.reload()
        if page.get_by_role("heading", level=1).inner_text() == "Wir haben geantwortet":
            break
        page.wait_for_timeout(200)
    expect(page.get_by_text("Your refund was paid today.")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert_accessible(page)
    assert "K. Agent" not in page.content()
    page.get_by_role("link", name="Noch eine Nachricht schreiben").click()
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("alert")).to_contain_text("Schreiben Sie zuerst etwas.")
    assert_accessible(page)
    page.goto(f"{shop.form_url}status/R-1?lang=de")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es hier nicht")
    assert_accessible(page)
    context.close()


def test_without_scripts_the_link_leads_to_the_plain_form(page: Page, shop: Shop) -> None:
    page.goto(shop.origin)
    page.get_by_role("link", name="Help").click()
    expect(page.get_by_label("What happened?")).to_be_visible()
