"""Cases in a real browser: worked from arrival to answer, by two at once, live, and with hostile words in them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from accessible import assert_accessible
from console_visits import Served
from listener.domain.contract import Versioned
from listener.domain.customer import Customer
from listener.domain.ids import case_id
from listener.domain.mention import Contactable, Mention
from listener.domain.topics import CUSTOMERS, RAW
from listener.examples import examples
from listener.kafka.publish import Publisher
from serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

CONFIGURATION = """\
console:
  sign_in: proxy
  proxy: {addresses: [127.0.0.1]}
  roles:
    - {role: agent, people: [Kim Agent, Lea Agent]}
    - {role: partner, people: [Pat Partner], queues: [safety]}
"""
SOON = 30_000
"""Milliseconds until what was said is a case on a page, on a busy machine."""
ZALGO = "".join(letter + "\u0335\u0321\u034d\u0321\u0361\u031b" * 6 for letter in "He comes")
HOSTILE = [
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>",
    '"><svg onload=window.ran=1> {{7*7}} ${7*7} <a href="javascript:window.ran=1">here</a> </textarea></form>',
    "\u202eright to left\u202c \u0645\u0631\u062d\u0628\u0627 \u200f\u05e9\u05dc\u05d5\u05dd \u2066",
    ZALGO,
    "w" * 10_000,
    ("a line\n" * 800) + "its end",
]
WIDTHS = {"wide": 1280, "phone": 360}


@dataclass
class Shop:
    """A company whose customers write, and the console that its people use."""

    url: str
    publisher: Publisher
    chromium: Browser

    def tell(self, topic: str, key: str, value: Versioned) -> None:
        self.publisher.publish(topic, key, value.to_json())
        self.publisher.flush()

    def say(self, name: str, text: str, **changes: Any) -> str:
        """A customer says something; the id of the case that it begins."""
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
        self.tell(RAW.name, mention.key, mention)
        return case_id(mention.mention_id)

    @contextmanager
    def desk_of(self, person: str, **options: Any) -> Iterator[Page]:
        """A browser before which somebody sits; nothing may go wrong in it unseen."""
        context = self.chromium.new_context(
            base_url=self.url, extra_http_headers={"X-Forwarded-User": person}, **options
        )
        page, wrong = context.new_page(), list[str]()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        yield page
        context.close()
        assert wrong == []


@pytest.fixture(scope="module")
def shop(served: Served, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Shop]:
    """The company, with a console by which several people come in."""
    directory = tmp_path_factory.mktemp("console")
    (directory / "listener.yaml").write_text(CONFIGURATION)
    words = ("-m", "listener", "console", "--port", "0", "--data-dir", str(served.up.data_dir))
    config = {"LISTENER_CONFIG": str(directory / "listener.yaml")}
    console = Serving(words, directory, served.up.environment | config)
    try:
        with Publisher(served.up.kafka, client_id="shop") as publisher:
            for number in (1, 2):
                names, phones = (f"Dana Doe {number}",), ("+4930123456",)
                customer = Customer(customer_id=f"D-{number}", names=names, phones=phones)
                publisher.publish(CUSTOMERS.name, customer.customer_id, customer.to_json())
            publisher.flush()
            yield Shop(console.url.rstrip("/"), publisher, chromium)
    finally:
        console.stop()


def open_case(page: Page, case: str) -> None:
    """Opens a case, as soon as it is there."""
    for _ in range(60):
        answer = page.goto(f"/cases/{case}")
        if answer is not None and answer.ok:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{case} never came")


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than the window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, page.url


def test_from_arrival_to_answer_without_the_mouse(shop: Shop) -> None:
    with shop.desk_of("Kim Agent") as page:
        page.goto("/cases?words=chirp:ana")
        expect(page.get_by_text("Nobody waits in this view")).to_be_visible()
        expect(page.locator("#live-state[data-state=on]")).to_be_attached(timeout=SOON)
        case = shop.say("ana", "Where is my parcel? It is two weeks late and nobody answers my e-mails!")
        row = page.locator("a.row")
        expect(row).to_be_visible(timeout=SOON)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(row).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#case-id")).to_have_text(case)
        expect(page.locator(".summary li")).to_have_count(3)
        expect(page.locator("#failures")).to_contain_text("We have not failed this customer so far.")
        page.keyboard.press("a")
        expect(page.locator("#text")).to_be_focused()
        page.keyboard.type("jkdnu? It leaves today.")
        expect(page.locator("#text")).to_have_value("jkdnu? It leaves today.")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sent")).to_contain_text("recorded")
        answered = page.locator(".entry.us.answered")
        expect(answered).to_contain_text("jkdnu? It leaves today.", timeout=SOON)
        expect(page.locator("#live-head .badge").first).to_have_text("Waits for the customer")
        page.keyboard.press("n")
        expect(page.get_by_text("That was the last case of this view.")).to_be_visible()


def test_two_agents_on_one_case(shop: Shop) -> None:
    case = shop.say("bob", "My refund has not come. This is the third time that I ask!")
    with shop.desk_of("Kim Agent") as kim, shop.desk_of("Lea Agent") as lea:
        open_case(kim, case)
        lea.goto(f"/cases/{case}")
        expect(kim.locator("#presence")).to_contain_text("Lea Agent", timeout=SOON)
        expect(lea.locator("#presence")).to_contain_text("Kim Agent")
        lea.locator("#kind-declined").check()
        lea.locator("#reason").fill("It was paid in March")
        kim.locator("#kind-answered").check()
        kim.locator("#text").fill("We look into it.")
        kim.locator("#send").click()
        expect(lea.locator("#since")).to_contain_text("You began to write before that", timeout=SOON)
        expect(lea.locator(".entry.us.answered")).to_contain_text("We look into it.")
        expect(lea.locator("#reason")).to_have_value("It was paid in March")
        lea.locator("#send").click()
        expect(lea.locator("#news")).to_contain_text("Kim Agent answered: “We look into it.”")
        expect(lea.locator("#reason")).to_have_value("It was paid in March")
        assert_accessible(lea)
        lea.locator("#send").click()
        expect(lea.locator(".entry.us.declined")).to_contain_text("It was paid in March", timeout=SOON)
        kim.goto("about:blank")
        expect(lea.locator("#presence")).to_be_hidden(timeout=SOON)


def test_hostile_words_neither_run_nor_break_a_page(shop: Shop) -> None:
    cases = [
        shop.say(f"x{number}", f"Terrible, my parcel never came! {words}", author_name=words[:300] + " ltd")
        for number, words in enumerate(HOSTILE)
    ]
    for name, width in WIDTHS.items():
        with shop.desk_of("Kim Agent", viewport={"width": width, "height": 800}) as page:
            for case, words in zip(cases, HOSTILE, strict=True):
                open_case(page, case)
                assert_fits(page)
                told = page.locator(".entry.them .said").first
                assert told.evaluate("element => element.textContent").endswith(words.strip())
                assert page.locator(".case-head h1").bounding_box()["height"] < 400, "as high as it is wide"  # type: ignore[index]
            assert_accessible(page)
            page.goto(f"/cases?words={quote('chirp:x')}")
            expect(page.locator("a.row")).to_have_count(len(cases), timeout=SOON)
            assert_fits(page)
            assert_accessible(page)
            assert page.evaluate("window.ran") is None, name


def test_a_partner_sees_its_queues_only(shop: Shop) -> None:
    other = shop.say("cleo", "Your website charged me twice. Give me my money back!")
    own = shop.say(
        "dan", "There are sparks coming out of the washing machine! It smells of smoke! Dangerous!"
    )
    with shop.desk_of("Kim Agent") as kim:
        open_case(kim, own)
        open_case(kim, other)
    with shop.desk_of("Pat Partner") as page:
        page.goto("/cases?words=dan")
        expect(page.locator("a.row")).to_have_count(1, timeout=SOON)
        page.goto("/cases?words=cleo")
        expect(page.locator("a.row")).to_have_count(0)
        assert page.request.get(f"/cases/{own}").status == 200
        assert page.request.get(f"/cases/{other}").status == 404
        assert page.request.get("/identities").status == 403
        assert set(page.locator("#queue option, select#queue option").all_inner_texts()) <= {
            "all",
            "safety",
            "",
        }


def test_who_it_is_and_what_was_said_in_person(shop: Shop) -> None:
    shop.say("eve", "Nobody calls me back!", contactable=Contactable(name="Dana", phone="+4930123456"))
    with shop.desk_of("Kim Agent") as page:
        page.goto("/identities")
        for _ in range(60):
            if page.get_by_role("heading", name="Eve").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        expect(page.get_by_text("Dana Doe 1").first).to_be_visible()
        assert_accessible(page)
        page.get_by_role("button", name="Eve is D-2").click()
        expect(page.get_by_text("becomes one history with the customer’s")).to_be_visible()
        page.goto("/take-down")
        page.get_by_label("In person").check()
        page.get_by_role("button", name="Store it").click()
        expect(page.get_by_role("alert")).to_contain_text("Write something first")
        page.get_by_label("What did the customer say?").fill("At the counter: my parcel is lost!")
        page.get_by_role("button", name="Store it").click()
        receipt = page.locator("#receipt").inner_text()
        assert re.fullmatch(r"R(-\w{4}){4}", receipt)
        open_case(page, case_id(f"staff-form:{receipt}"))
        expect(page.locator(".entry.them .said")).to_have_text("At the counter: my parcel is lost!")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_everybody_can_use_it(shop: Shop, colours: Any, width: int) -> None:
    case = shop.say("finn", "I still wait for my parcel.")
    size = {"width": width, "height": 800}
    with shop.desk_of("Kim Agent", color_scheme=colours, viewport=size) as page:
        open_case(page, case)
        assert_accessible(page)
        assert_fits(page)
        for path in ("/cases", "/cases?words=nobody", "/take-down", "/identities"):
            page.goto(path)
            assert_accessible(page)
            assert_fits(page)


def test_pages_work_without_scripts(shop: Shop) -> None:
    case = shop.say("gil", "My parcel is lost.")
    with shop.desk_of("Kim Agent", java_script_enabled=False) as page:
        open_case(page, case)
        page.get_by_label("Resolved: the matter is settled").check()
        page.get_by_label("What was said").fill("It is found.")
        page.get_by_role("button", name="Record the answer").click()
        expect(page.locator("#sent")).to_contain_text("recorded")
