"""The feedback form as people meet it: by keyboard, on a phone, in the dark, without scripts."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from listener.domain.mention import Mention, read_raw
from listener.domain.topics import RAW
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole

pytestmark = [pytest.mark.browser, pytest.mark.kafka]

PHONE = {"width": 360, "height": 740}
HOSTILE = "</textarea><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
RECEIPT = re.compile(r"R(-[0-9A-Z]{4}){4}")
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05);
  };
  const style = e => getComputedStyle(e);
  return [...document.querySelectorAll('main *')]
    .filter(e => !e.closest('.trap') && (e.matches('input, textarea') ||
      [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())))
    .map(e => ({
      what: e.tagName + '.' + e.className,
      text: ratio(rgb(style(e).color), behind(e)),
      edge: e.matches('input, textarea') ? ratio(rgb(style(e).borderTopColor), behind(e.parentElement)) : 99,
    }));
}"""


def mention(kafka: KafkaConnection, receipt: str) -> Mention:
    """The mention on the broker that a receipt stands for."""
    values = (record.value for record in read_whole(kafka, RAW.name))
    found = [read_raw(value) for value in values if value and receipt.encode() in value]
    (only,) = {found_one.mention_id: found_one for found_one in found}.values()
    assert isinstance(only, Mention)
    return only


def receipt(page: Page) -> str:
    shown = page.locator("#receipt").inner_text()
    assert RECEIPT.fullmatch(shown)
    return shown


def test_by_keyboard_alone_from_the_first_key_to_the_receipt(
    page: Page, form_url: str, kafka: KafkaConnection
) -> None:
    page.goto(f"{form_url}?page=https://shop.example/cart")
    page.keyboard.press("Tab")
    expect(page.get_by_label("What happened?")).to_be_focused()
    page.keyboard.type("My parcel is lost.")
    page.keyboard.press("Enter")
    page.keyboard.type("Nobody answers – für Wochen 😞")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Ana Lee")
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address or phone number")).to_be_focused()
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    heard = mention(kafka, receipt(page))
    assert heard.text == "My parcel is lost.\nNobody answers – für Wochen 😞"
    assert heard.contactable is not None
    assert (heard.contactable.name, heard.contactable.email) == ("Ana Lee", "ana@example.org")
    assert heard.url == "https://shop.example/cart"
    assert heard.source == "web-form", "nobody who uses the keyboard falls for the trap"
    assert page.context.cookies() == []


def test_sending_again_after_going_back_is_not_a_second_message(
    page: Page, form_url: str, kafka: KafkaConnection
) -> None:
    page.goto(form_url)
    page.get_by_label("What happened?").fill("Once is enough")
    page.get_by_role("button", name="Send").click()
    first = receipt(page)
    page.go_back()
    page.get_by_role("button", name="Send").click()
    assert receipt(page) == first
    assert mention(kafka, first).text == "Once is enough"


def test_an_error_is_where_the_person_is_and_the_words_stay(page: Page, form_url: str) -> None:
    page.goto(form_url)
    page.get_by_label("What happened?").fill("Call me")
    contact = page.get_by_label("E-mail address or phone number")
    contact.fill("at home")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(contact).to_be_focused()
    expect(contact).to_have_accessible_description(re.compile("neither an e-mail address nor a phone number"))
    expect(contact).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("What happened?")).to_have_value("Call me")
    contact.fill("+44 20 7946 0018")
    page.keyboard.press("Enter")
    receipt(page)


def test_hostile_text_is_only_text(chromium: Browser, form_url: str, kafka: KafkaConnection) -> None:
    context = chromium.new_context()  # with scripts, so that they would run if they could
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text) if "Content Security" in told.text else None)
    page.goto(form_url)
    page.get_by_label("What happened?").fill(HOSTILE)
    page.get_by_label("Your name").fill(HOSTILE)
    page.get_by_label("E-mail address or phone number").fill(HOSTILE)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("What happened?")).to_have_value(HOSTILE)
    expect(page.get_by_label("Your name")).to_have_value(HOSTILE)
    assert "owned" not in page.title()
    assert page.locator("script, img").count() == 0
    page.get_by_label("E-mail address or phone number").fill("")
    page.get_by_role("button", name="Send").click()
    assert mention(kafka, receipt(page)).text == HOSTILE
    assert "owned" not in page.title()
    assert refused == [], "nothing of ours breaks our own content security policy"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["empty", "errors", "receipt"])
def test_can_be_read_and_touched_on_a_phone(
    chromium: Browser, form_url: str, scheme: str, state: str
) -> None:
    context: BrowserContext = chromium.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2,
        has_touch=True,
    )
    page = context.new_page()
    page.goto(form_url)
    if state == "errors":
        page.get_by_label("E-mail address or phone number").fill("nowhere")
        with page.expect_navigation():
            page.get_by_role("button", name="Send").tap()
    if state == "receipt":
        page.get_by_label("What happened?").fill("w" * 200)
        page.get_by_role("button", name="Send").tap()
        receipt(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "no scrolling sideways"
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) >= 5
    for element in contrasts:
        assert element["text"] >= 4.5, element  # WCAG 2.2, 1.4.3
        assert element["edge"] >= 3, element  # WCAG 2.2, 1.4.11
    for control in page.locator("button, textarea, input:visible:not([tabindex='-1'])").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        size = control.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
        assert size >= 16, "smaller makes phones zoom in"
    context.close()
