"""The pages, over a broker that keeps what it acknowledged and can be away."""

import asyncio
import html
import re
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from importlib import resources
from typing import Any, get_args
from urllib.parse import urlencode

import httpx
import pytest
import yaml

from fakes.pages import Client, Page
from listener.connectors.feedback import MAX_MESSAGE
from listener.connectors.feedback_form import MAX_BODY_BYTES, FormOptions, feedback_app
from listener.connectors.feedback_status import Answer, State, Status
from listener.connectors.feedback_words import languages, words_for
from listener.domain.errors import ServiceError
from listener.domain.mention import Mention

OURS = resources.files("listener.connectors")
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "' onfocus='alert(1)' autofocus='",
    "{{ 7919 * 7919 }}{% raw %}",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;",
]


class Broker:
    """Keeps what it acknowledged; while `down` it acknowledges nothing."""

    def __init__(self) -> None:
        self.down = False
        self.records: list[tuple[str, str, Mention]] = []
        self.threads: set[str] = set()

    def deliver(self, topic: str, key: str, value: bytes) -> None:
        self.threads.add(threading.current_thread().name)
        self.ping()
        self.records.append((topic, key, Mention.read_at_edge(value)))

    def ping(self) -> None:
        if self.down:
            raise ServiceError("Kafka at secret-host:9092 does not answer")

    @property
    def mentions(self) -> list[Mention]:
        return [mention for _, _, mention in self.records]


@pytest.fixture
def broker() -> Broker:
    return Broker()


def client_of(broker: Broker, **options: Any) -> Client:
    settings = FormOptions(**({"company": "Example Air", "burst": 1000, "min_seconds": 0} | options))
    return Client(
        feedback_app("web-form", settings, deliver=broker.deliver, ping=broker.ping, now=lambda: NOW)
    )


@pytest.fixture
def client(broker: Broker) -> Client:
    return client_of(broker)


def fields(client: Client, **changes: str) -> dict[str, str]:
    """What a browser sends once the page was filled in."""
    page = Page(client.get("/").text)
    found = {
        name: attrs.get("value") or ""
        for tag, attrs in page.elements
        if tag in {"input", "textarea"} and (name := attrs.get("name"))
    }
    return found | {"message": "Nobody answers."} | changes


def test_a_receipt_and_the_mention(client: Client, broker: Broker) -> None:
    answer = client.post("/feedback", data=fields(client, name="Ana", contact="ana@example.org"))
    assert answer.status_code == 201
    ((topic, key, mention),) = broker.records
    assert (topic, key) == ("mentions.raw", mention.author)
    assert mention.text == "Nobody answers."
    assert mention.native_id in answer.text
    assert mention.occurred_at == NOW
    assert "1 March 2026, 12:30 UTC" in answer.text


def test_twice_the_same_form_is_one_mention_and_one_receipt(client: Client, broker: Broker) -> None:
    sent = fields(client)
    one, other = client.post("/feedback", data=sent), client.post("/feedback", data=sent)
    assert one.text == other.text
    assert len(set(broker.mentions)) == 1
    client.post("/feedback", data=fields(client))
    assert len(set(broker.mentions)) == 2, "the same words in another form are another person's"


def test_no_receipt_and_no_lost_word_while_the_broker_is_away(client: Client, broker: Broker) -> None:
    broker.down = True
    sent = fields(client, name="Ana", contact="ana@example.org", page="https://shop.example/")
    answer = client.post("/feedback", data=sent)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert not re.search(r"R-\w{4}-\w{4}", answer.text)
    assert "secret-host" not in answer.text
    assert "Nobody answers." in answer.text
    page = Page(answer.text)
    for name in ("name", "contact", "token", "page"):
        assert page.by_name(name)["value"] == sent[name]
    broker.down = False
    assert client.post("/feedback", data=sent).status_code == 201
    assert len(broker.records) == 1


def test_the_broker_is_waited_for_outside_the_event_loop(client: Client, broker: Broker) -> None:
    client.post("/feedback", data=fields(client))
    assert "AnyIO worker thread" in broker.threads.pop()


@pytest.mark.parametrize("text", ["café 東京 😀 \u202eמה", "line one\r\nline two\rthree", "a+b=c&d=%41; e"])
def test_words_arrive_as_they_were_written(client: Client, broker: Broker, text: str) -> None:
    client.post("/feedback", data=fields(client, message=text))
    assert broker.mentions[0].text == text.replace("\r\n", "\n").replace("\r", "\n")


def test_bytes_that_are_not_utf8_are_kept_as_far_as_they_go(client: Client, broker: Broker) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/feedback", content=b"message=caf%E9+\xff+open", headers=kind).status_code == 201
    assert broker.mentions[0].text.startswith("caf")
    assert broker.mentions[0].text.endswith("open")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["message", "name", "contact", "page", "token", "website"])
def test_what_a_person_writes_never_becomes_markup(
    client: Client, broker: Broker, field: str, text: str
) -> None:
    plain = [tag for tag, _ in Page(client.get("/").text).elements]
    broker.down = True
    for answer in (
        client.post("/feedback", data=fields(client, **{field: text})),
        client.get("/", params={"page": text}),
    ):
        found = Page(answer.text)
        assert not [tag for tag, _ in found.elements if tag in {"script", "img", "svg"}]
        assert {tag for tag, _ in found.elements} <= {*plain, "div", "ul", "li", "a", "p", "span"}
        assert not [name for _, attrs in found.elements for name in attrs if name.startswith("on")]
        assert str(7919 * 7919) not in answer.text


class TestErrors:
    def test_each_is_bound_to_its_field_and_nothing_written_is_lost(
        self, client: Client, broker: Broker
    ) -> None:
        answer = client.post("/feedback", data=fields(client, message="  ", contact="nowhere", name="Ana"))
        assert answer.status_code == 422
        page = Page(answer.text)
        for name in ("message", "contact"):
            field = page.by_name(name)
            assert field["aria-invalid"] == "true"
            assert f"{name}-error" in (field["aria-describedby"] or "").split()
            assert f"{name}-error" in page.ids
        assert "aria-invalid" not in page.by_name("name")
        assert page.by_name("name")["value"] == "Ana"
        assert page.by_name("contact")["value"] == "nowhere"
        assert "autofocus" in page.by_name("message")
        assert broker.records == []

    def test_too_long_a_message_comes_back_whole(self, client: Client) -> None:
        answer = client.post("/feedback", data=fields(client, message="x" * (MAX_MESSAGE + 1)))
        assert answer.status_code == 422
        assert "x" * (MAX_MESSAGE + 1) in answer.text

    def test_the_longest_message_of_any_script_fits(self, client: Client, broker: Broker) -> None:
        assert client.post("/feedback", data=fields(client, message="😀" * MAX_MESSAGE)).status_code == 201
        assert len(broker.mentions[0].text) == MAX_MESSAGE

    @pytest.mark.parametrize("announced", [True, False])
    def test_a_body_without_end_is_refused(self, client: Client, broker: Broker, announced: bool) -> None:
        body = b"message=" + b"x" * MAX_BODY_BYTES

        async def parts() -> AsyncIterator[bytes]:
            for at in range(0, len(body), 10_000):
                yield body[at : at + 10_000]

        answer = client.post(
            "/feedback",
            content=body if announced else parts(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 413
        assert broker.records == []

    def test_too_many_fields_and_other_formats(self, client: Client) -> None:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        many = urlencode([(f"f{number}", "x") for number in range(30)])
        assert client.post("/feedback", content=many, headers=kind).status_code == 400
        assert (
            client.post("/feedback", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
        )
        assert client.post("/feedback", content=b"x").status_code == 415

    def test_other_addresses_and_methods(self, client: Client) -> None:
        assert client.get("/nothing").status_code == 404
        assert client.request("PUT", "/feedback").status_code == 405
        assert client.get("/feedback").status_code == 200, "a reload after an error shows the form"


class TestRateLimit:
    def test_too_many_are_asked_to_wait_with_their_words_kept(self, broker: Broker) -> None:
        client = client_of(broker, burst=2, per_minute=2)
        for _ in range(2):
            assert client.post("/feedback", data=fields(client)).status_code == 201
        answer = client.post("/feedback", data=fields(client))
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 30
        assert "Nobody answers." in answer.text
        assert len(broker.records) == 2


class TestJson:
    def test_a_receipt(self, client: Client, broker: Broker) -> None:
        answer = client.post(
            "/feedback", json={"message": "Help <b>", "contact": "+44 20 7946 0018", "name": None}
        )
        assert answer.status_code == 201
        assert answer.json() == {"receipt": broker.mentions[0].native_id}
        assert broker.mentions[0].text == "Help <b>"

    def test_the_same_key_is_the_same_message(self, client: Client, broker: Broker) -> None:
        sent = {"message": "Help", "idempotency_key": "0123456789abcdef"}
        assert client.post("/feedback", json=sent).json() == client.post("/feedback", json=sent).json()
        assert len(set(broker.mentions)) == 1

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b'{"message": ""}', 422),
            (b'{"message": "a", "contact": "nowhere"}', 422),
            (b'{"message": 1}', 422),
            (b'{"message": "a", "website": "x"}', 422),
            (b'{"message": "a", "idempotency_key": "1"}', 422),
            (b"[]", 422),
            (b"{", 422),
            (b"[" * 100_000, 422),
            (b'"' + b"x" * MAX_BODY_BYTES + b'"', 413),
        ],
    )
    def test_what_is_wrong_is_said_in_json(
        self, client: Client, broker: Broker, body: bytes, status: int
    ) -> None:
        answer = client.post("/feedback", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status
        assert set(answer.json()) <= {"error", "errors"}
        assert broker.records == []

    def test_lone_surrogates_do_no_harm(self, client: Client, broker: Broker) -> None:
        body = b'{"message": "a \\ud800 b"}'
        client.post("/feedback", content=body, headers={"Content-Type": "application/json"})
        assert broker.mentions[0].text == "a ? b"

    def test_the_broker_is_away(self, client: Client, broker: Broker) -> None:
        broker.down = True
        answer = client.post("/feedback", json={"message": "a"})
        assert answer.status_code == 503
        assert "secret-host" not in answer.text


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/feedback.css", "/healthz", "/nothing"])
    def test_no_cookie_no_script_no_sniffing(self, client: Client, path: str) -> None:
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers

    def test_what_people_wrote_is_not_cached(self, client: Client, broker: Broker) -> None:
        assert client.post("/feedback", data=fields(client)).headers["Cache-Control"] == "no-store"
        broker.down = True
        assert client.post("/feedback", data=fields(client)).headers["Cache-Control"] == "no-store"
        assert client.get("/").headers["Cache-Control"] == "private, no-cache"
        assert client.get("/").headers["Content-Type"] == "text/html; charset=utf-8"

    def test_every_field_has_a_label_and_every_reference_its_target(self, client: Client) -> None:
        page = Page(client.get("/").text)
        labels = {attrs.get("for") for tag, attrs in page.elements if tag == "label"}
        for tag, attrs in page.elements:
            if tag in {"input", "textarea"} and attrs.get("type") != "hidden":
                assert attrs["id"] in labels
            for target in (attrs.get("aria-describedby") or attrs.get("aria-labelledby") or "").split():
                assert target in page.ids
        assert page.elements[1] == ("html", {"lang": "en"}) or page.elements[0] == ("html", {"lang": "en"})
        assert len(page.ids) == len(set(page.ids))

    def test_the_trap_is_out_of_the_way_of_people(self, client: Client, broker: Broker) -> None:
        assert Page(client.get("/").text).by_name("website")["tabindex"] == "-1"
        answer = client.post("/feedback", data=fields(client, website="http://spam.example"))
        assert answer.status_code == 201, "whoever fell for it is not told"
        assert broker.mentions[0].source == "web-form-suspect"


class TestHealth:
    def test_follows_the_broker(self, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("listener.connectors.feedback_form.HEALTH_SECONDS", -1.0)
        client = client_of(broker)
        states: list[int] = []
        for down in (False, True, False):
            broker.down = down
            states.append(client.get("/healthz").status_code)
        assert states == [200, 503, 200]

    def test_a_broker_that_keeps_silent_is_not_waited_for(
        self, broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("listener.connectors.feedback_form.HEALTH_WAIT_SECONDS", 0.05)
        silence = threading.Event()
        app = feedback_app(
            "f", FormOptions(), deliver=broker.deliver, ping=lambda: _wait(silence), now=lambda: NOW
        )

        async def ask_twice() -> list[int]:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://form.test") as client:
                first = await client.get("/healthz")
                silence.set()
                await asyncio.sleep(0.2)
                return [first.status_code, (await client.get("/healthz")).status_code]

        assert asyncio.run(ask_twice()) == [503, 200]

    def test_the_broker_is_not_asked_for_every_visitor(self, broker: Broker) -> None:
        asked = []
        ping: Callable[[], None] = lambda: asked.append(1)  # noqa: E731 - counts
        app = feedback_app("f", FormOptions(), deliver=broker.deliver, ping=ping, now=lambda: NOW)

        async def ask_often() -> None:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://form.test") as client:
                await asyncio.gather(*(client.get("/healthz") for _ in range(5)))
                await client.get("/healthz")

        asyncio.run(ask_often())
        assert len(asked) == 1


def _wait(event: threading.Event) -> None:
    event.wait(10)


def test_the_company_is_named(client: Client) -> None:
    assert "Tell Example Air how we’re doing" in client.get("/").text


def test_a_privacy_notice_is_linked(broker: Broker) -> None:
    url = "https://example.org/privacy"
    assert ("a", {"href": url}) in Page(client_of(broker, privacy_url=url).get("/").text).elements


class TestTiming:
    def test_what_comes_faster_than_people_write_is_kept_and_marked(self, broker: Broker) -> None:
        client = client_of(broker, min_seconds=60)
        assert client.post("/feedback", data=fields(client)).status_code == 201
        assert broker.mentions[0].source == "web-form-suspect"

    def test_a_stamp_of_nobody_is_marked_but_an_app_needs_none(self, client: Client, broker: Broker) -> None:
        client.post("/feedback", data=fields(client, stamp="1.0"))
        client.post("/feedback", json={"message": "from a page"}, headers={"Origin": "https://shop.example"})
        client.post("/feedback", json={"message": "from an app"})
        stamp = client.get("/stamp").json()["stamp"]
        client.post("/feedback", json={"message": "from the button", "stamp": stamp})
        assert [mention.source for mention in broker.mentions] == [
            "web-form-suspect",
            "web-form-suspect",
            "web-form",
            "web-form",
        ]


class TestLanguages:
    @pytest.mark.parametrize("lang", languages())
    @pytest.mark.parametrize("company", [None, "Example Air"])
    def test_from_the_form_to_the_receipt(self, broker: Broker, lang: str, company: str | None) -> None:
        """Every page, error and receipt has the language of the form; nothing is left to be filled in."""
        client = client_of(broker, company=company, burst=2)
        words = languages()[lang]
        post = f"/feedback?lang={lang}"
        wrong = fields(client, message="", contact="nowhere")
        right = wrong | {"message": "Help", "contact": ""}
        pages = [client.get(f"/?lang={lang}"), client.post(post, data=wrong), client.post(post, data=right)]
        pages += [client.post(post, content=b"", headers={"Content-Type": "text/x"})]
        broker.down = True
        pages += [client.post(post, data=right), client.post(post, data=right)]
        pages += [client.get(f"/status/R-1?lang={lang}"), client.request("PUT", f"/stamp?lang={lang}")]
        assert [page.status_code for page in pages] == [200, 422, 201, 415, 503, 429, 404, 405]
        told = (
            "lead",
            "wrong_contact",
            "receipt_title",
            "not_taken",
            "away",
            "many",
            "missing",
            "wrong_text",
        )
        for page, key in zip(pages, told, strict=True):
            assert page.text.startswith(f'<!doctype html>\n<html lang="{lang}">')
            assert words[key] in html.unescape(page.text)
            assert not re.search(r"\{\w*\}", page.text)
            assert page.headers["Content-Language"] == lang
        assert ("form", f"feedback?lang={lang}") in [
            (tag, attrs.get("action")) for tag, attrs in Page(pages[1].text).elements
        ]
        link = f"status/{broker.mentions[0].native_id}?lang={lang}"
        assert ("a", {"href": link}) in Page(pages[2].text).elements

    def test_each_language_has_every_text_with_the_same_places(self) -> None:
        texts = yaml.safe_load((OURS / "templates" / "feedback_words.yaml").read_text(encoding="utf-8"))
        places = {
            lang: {key: set(re.findall(r"\{\w+\}", str(text))) for key, text in of.items()}
            for lang, of in texts.items()
        }
        assert all(found == places["en"] for found in places.values())
        button = (OURS / "static" / "button.js").read_text(encoding="utf-8")
        assert set(texts) == set(re.findall(r"^    (\w\w): \{$", button, re.MULTILINE))

    @pytest.mark.parametrize(
        ("asked", "accepted", "lang"),
        [
            (None, "", "en"),
            (None, "it, es;q=0.4, de-CH;q=0.9", "de"),
            (None, "de;q=0, fr;q=x, *", "en"),
            ("fr", "de", "fr"),
            ("xx", "de", "de"),
            ("<b>", "\u00e9;;q=;,", "en"),
        ],
    )
    def test_the_address_before_the_browser(self, asked: str | None, accepted: str, lang: str) -> None:
        assert words_for(asked, accepted).lang == lang

    def test_a_program_is_answered_in_english(self, client: Client) -> None:
        answer = client.post("/feedback?lang=de", json={"message": ""}, headers={"Accept-Language": "de"})
        assert answer.json() == {"errors": {"message": languages()["en"]["empty"]}}


class TestButton:
    def test_is_small_and_may_be_loaded_by_any_page(self, client: Client) -> None:
        answer = client.get("/button.js")
        assert len(answer.content) < 10_000
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert not re.search(
            r"innerHTML|cookie\b(?!, no)|localStorage|sessionStorage|eval\(", answer.text[200:]
        )

    def test_has_every_text_in_every_language(self, client: Client) -> None:
        texts = client.get("/button.js").text
        tables = re.findall(r"^(en|de|fr|es): \{\n(.*?)^\},$", texts, re.MULTILINE | re.DOTALL)
        keys = {language: set(re.findall(r"(\w+): \"", table)) for language, table in tables}
        assert set(keys) == {"en", "de", "fr", "es"}
        assert all(found == keys["en"] for found in keys.values())
        assert {f"t.{key}" for key in keys["en"]} <= set(re.findall(r"t\.\w+", texts)), "each is used"

    @pytest.mark.parametrize(
        ("origin", "allowed"), [("https://shop.example", True), ("https://x.example", False)]
    )
    def test_only_configured_sites_may_send(self, broker: Broker, origin: str, allowed: bool) -> None:
        client = client_of(broker, origins=("https://shop.example",))
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        answer = client.request("OPTIONS", "/feedback", headers={"Origin": origin} | asked)
        assert (answer.status_code == 200) is allowed
        assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "Access-Control-Allow-Credentials" not in answer.headers


class TestStatus:
    RECEIPT = "R-0123-4567-89AB-CDEF"

    def page(self, status: Status, caught_up: bool = True) -> httpx.Response:
        asked: list[str] = []
        app = feedback_app(
            "f",
            FormOptions(company="Example Air"),
            deliver=lambda *_: None,
            ping=lambda: None,
            now=lambda: NOW,
            status_of=lambda name: asked.append(name) or status,  # type: ignore[func-returns-value]  # notes
            caught_up=lambda: caught_up,
        )
        answer = Client(app).get(f"/status/{self.RECEIPT}")
        assert asked == [f"form:{self.RECEIPT}"]
        return answer

    def test_an_answer_is_text_and_nobody_keeps_the_page(self) -> None:
        answer = self.page(Status("answered", (Answer("Paid <b>today</b>.", NOW),)))
        assert answer.status_code == 200
        assert "Paid &lt;b&gt;today&lt;/b&gt;." in answer.text
        assert "1 March 2026, 12:30 UTC" in answer.text
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"

    def test_every_state_has_its_words(self) -> None:
        states = get_args(State)
        assert len({self.page(Status(state)).text for state in states}) == len(states)

    def test_what_is_not_known_yet_is_not_made_up(self) -> None:
        answer = self.page(Status("received"), caught_up=False)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert self.page(Status("in_work"), caught_up=False).status_code == 200

    @pytest.mark.parametrize("receipt", ["R-1", "R-0123-4567-89AB-CDEU", "R-0123-4567-89AB-CDEF-0000", "<b>"])
    def test_what_is_no_receipt_has_no_page(self, client: Client, receipt: str) -> None:
        assert client.get(f"/status/{receipt}").status_code == 404

    def test_it_speaks_the_language_that_the_address_names(self) -> None:
        app = feedback_app(
            "f",
            FormOptions(),
            deliver=lambda *_: None,
            ping=lambda: None,
            now=lambda: NOW,
            status_of=lambda _: Status("answered", (Answer("Heute bezahlt.", NOW),)),
        )
        answer = Client(app).get(f"/status/{self.RECEIPT}?lang=de-AT", headers={"Accept-Language": "fr"})
        assert answer.headers["Content-Language"] == "de"
        assert "1. März 2026, 12:30 UTC" in answer.text
        page = Page(answer.text)
        assert ("html", {"lang": "de"}) in page.elements
        assert ("a", {"href": "../?lang=de"}) in page.elements

    def test_the_receipt_leads_to_it(self, client: Client, broker: Broker) -> None:
        answer = client.post("/feedback", data=fields(client))
        path = f"status/{broker.mentions[0].native_id}"
        assert ("a", {"href": path}) in Page(answer.text).elements
        assert client.get(f"/{path}").status_code == 200
